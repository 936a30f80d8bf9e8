//! The generated parts of template.yaml: functions with role, log group and metric filter, the
//! throttles alarms' metrics, the log groups of the saved queries and of the dashboard, and the
//! parameters that settings.yaml describes.

use std::fmt::Write;

use crate::endpoints::{Access, Caller, Endpoint, capitalise};
use crate::{Error, Tables, settings, yaml_text};

/// The saved queries, each of which reads every function's log group.
const QUERIES: [&str; 6] =
    ["TraceQuery", "RequestQuery", "RouteErrorsQuery", "DeathsQuery", "ColdStartsQuery", "DeadLettersQuery"];

pub(crate) fn parts(tables: &Tables) -> Result<Vec<(String, String)>, Error> {
    let mut parts = vec![
        ("functions".to_owned(), functions(&tables.endpoints)),
        ("metrics of ReadThrottlesAlarm".to_owned(), metrics(tables, true)),
        ("metrics of WriteThrottlesAlarm".to_owned(), metrics(tables, false)),
        ("parameters".to_owned(), settings::parameters(tables)?),
    ];
    for query in QUERIES {
        let groups = tables.endpoints.iter().map(|endpoint| format!("- !Ref {}Logs\n", endpoint.resource()));
        parts.push((format!("log groups of {query}"), groups.collect()));
    }
    Ok(parts)
}

/// Parts within a line: name, the texts before and after it, and the value.
pub(crate) fn inline_parts(tables: &Tables) -> [(&'static str, [&'static str; 2], String); 2] {
    let joined = |separator: &str, group: fn(&Endpoint) -> String| {
        tables.endpoints.iter().map(group).collect::<Vec<_>>().join(separator)
    };
    let sources = joined(" | ", |endpoint| format!("SOURCE '/crudder/${{Stage}}/{}'", endpoint.name));
    // Logs Insights' own encoding of its link: `*2f` is a slash.
    let link = joined("", |endpoint| format!("~'*2fcrudder*2f${{Stage}}*2f{}", endpoint.name));
    [
        ("log groups of the dashboard", [r#""query": ""#, " | fields @timestamp"], sources),
        ("log groups of LogsUrl", ["~source~(", "))\n"], link),
    ]
}

fn functions(endpoints: &[Endpoint]) -> String {
    endpoints.iter().map(function).collect::<Vec<_>>().join("\n")
}

fn function(endpoint: &Endpoint) -> String {
    let (id, name) = (endpoint.resource(), &endpoint.name);
    let mut text = format!(
        "{id}:
  Type: AWS::Serverless::Function
  Metadata: {{ BuildMethod: makefile, WorkingDirectory: ., BuildProperties: {{ Binary: {name} }} }}
  Properties:
    Description: {}
    FunctionName: !Sub crudder-${{Stage}}-{name}
",
        yaml_text(&endpoint.description)
    );
    if let Some(seconds) = endpoint.timeout {
        let reason = endpoint.timeout_reason.as_ref().map_or_else(String::new, |reason| format!(" # {reason}"));
        let _ = writeln!(text, "    Timeout: {seconds}{reason}");
    }
    let _ = writeln!(text, "    Role: !GetAtt {id}Role.Arn\n    LoggingConfig: {{ LogGroup: !Ref {id}Logs }}");
    for (variable, value) in &endpoint.environment {
        let _ = writeln!(text, "    Environment: {{ Variables: {{ {variable}: {value} }} }}");
    }
    text.push_str("    Events:\n");
    for (method, path) in endpoint.methods() {
        let method = method.to_lowercase();
        let auth = if endpoint.caller == Caller::Anyone { ", Auth: { Authorizer: NONE }" } else { "" };
        let event = capitalise(&method);
        let properties = format!("RestApiId: !Ref Api, Path: \"{path}\", Method: {method}{auth}");
        let _ = writeln!(text, "      {event}: {{ Type: Api, Properties: {{ {properties} }} }}");
    }
    if let Some(trigger) = &endpoint.trigger {
        let _ = writeln!(text, "      {trigger}");
    }
    text.push_str(&role(endpoint, &id));
    let _ = write!(
        text,
        "
{id}Logs:
  Type: AWS::Logs::LogGroup
  Properties: {{ LogGroupName: !Sub \"/crudder/${{Stage}}/{name}\", RetentionInDays: !Ref LogRetentionDays }}
{id}DeadLetters:
  Type: AWS::Logs::MetricFilter
  Properties:
    LogGroupName: !Ref {id}Logs
    FilterPattern: '{{ $.message = \"dead letter\" && $.part[0] = 1 }}'
    MetricTransformations: [{{ MetricNamespace: !Sub \"Crudder/${{Stage}}\", MetricName: DeadLetters, MetricValue: $.items }}]
"
    );
    text
}

/// A role of the function's own: its log group, and its actions on table and index.
fn role(endpoint: &Endpoint, id: &str) -> String {
    let mut text = format!(
        "
{id}Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: \"2012-10-17\"
      Statement: [{{ Effect: Allow, Principal: {{ Service: lambda.amazonaws.com }}, Action: sts:AssumeRole }}]
    ManagedPolicyArns: [!Ref LayerPolicy]
    Policies:
      - PolicyName: own
        PolicyDocument:
          Version: \"2012-10-17\"
          Statement:
"
    );
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned).to_vec();
    let of_dynamodb =
        |actions: &[String]| actions.iter().map(|action| format!("dynamodb:{action}")).collect::<Vec<_>>();
    for (actions, resource) in [
        (logs, format!("!GetAtt {id}Logs.Arn")),
        (of_dynamodb(&endpoint.table), "!GetAtt Table.Arn".to_owned()),
        (of_dynamodb(&endpoint.index), "!Sub \"${Table.Arn}/index/inbox\"".to_owned()),
    ] {
        if !actions.is_empty() {
            let actions = actions.join(", ");
            let _ = writeln!(
                text,
                "            - Effect: Allow\n              Action: [{actions}]\n              Resource: {resource}"
            );
        }
    }
    text
}

fn metrics(tables: &Tables, reads: bool) -> String {
    let counted = tables.endpoints.iter().filter(|endpoint| (endpoint.access == Access::Reads) == reads);
    counted.fold(String::new(), |mut lines, endpoint| {
        let (id, function) = (endpoint.metric_id(), endpoint.resource());
        let dimensions = format!("[{{ Name: FunctionName, Value: !Ref {function} }}]");
        let metric = format!("{{ Namespace: AWS/Lambda, MetricName: Throttles, Dimensions: {dimensions} }}");
        let stat = format!("{{ Stat: Sum, Period: 300, Metric: {metric} }}");
        let _ = writeln!(lines, "- {{ Id: {id}, ReturnData: false, MetricStat: {stat} }}");
        lines
    })
}
