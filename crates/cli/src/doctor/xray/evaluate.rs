//! Evaluates what X-Ray returned.

use super::fetch::{Fetched, group_of_stage, has_subsegment};
use crate::aws::{Function, Group, SamplingRule, SegmentDestination, TraceDocuments};
use crate::doctor::finding::{Finding, Problem, findings};

const COMPONENT: &str = "X-Ray";
/// The fix if names differ: the template derives all of them from one name.
const DEPLOY: &str = "deploy template.yaml, which creates sampling rule, group and API with matching names";

/// Returns a finding for each problem, or one ok finding.
pub(crate) fn evaluate(fetched: &Fetched, stage: &str, function: Option<&Function>) -> Vec<Finding> {
    let service = format!("crudder/{stage}");
    let errors = [
        fetched.trace.as_ref().err(),
        fetched.rules.as_ref().err(),
        fetched.groups.as_ref().err(),
        fetched.destination.as_ref().err(),
    ];
    let mut problems: Vec<Problem> = errors.into_iter().flatten().map(Problem::aws_error).collect();
    // If the API did not respond, its own finding says so, and there is no trace.
    if let Ok(trace) = &fetched.trace
        && fetched.got_response
    {
        problems.extend(check_trace(trace.as_ref(), fetched, &service, function));
    }
    problems.extend(fetched.rules.iter().filter_map(|rules| check_rules(rules, &service)));
    problems
        .extend(fetched.groups.iter().filter_map(|groups| check_groups(groups, stage, &service, fetched.is_in_group)));
    problems.dedup();
    let search = match fetched.destination {
        Ok(SegmentDestination::TransactionSearch { .. }) => {
            "; Transaction Search is on, so most traces are only in log group aws/spans"
        }
        _ => "",
    };
    let trace = if fetched.got_response { "found the request's trace" } else { "the trace was not checked" };
    findings(COMPONENT, problems, format!("{trace}; sampling rule and group match {service}{search}"))
}

fn check_trace(
    trace: Option<&TraceDocuments>,
    fetched: &Fetched,
    service: &str,
    function: Option<&Function>,
) -> Option<Problem> {
    let Some(trace) = trace else { return Some(missing_trace(fetched, function)) };
    let names: Vec<&str> = trace.documents.iter().filter_map(|document| document["name"].as_str()).collect();
    if !names.contains(&service) {
        return Some(Problem::new(
            format!("no segment is named {service}; the names are: {}", names.join(", ")),
            "name the API `crudder` (template.yaml, Api.Name): the name of the stage's segment is API/stage",
        ));
    }
    if !has_subsegment(&trace.documents) {
        return Some(Problem::new(
            "the trace has segments of API Gateway and Lambda, but none from the function itself",
            "set Tracing: Active on the function, allow xray:PutTraceSegments in its role, \
             and look for a line about X-Ray in its log",
        ));
    }
    trace.is_truncated.then(|| {
        Problem::new("the trace exceeds X-Ray's size limit", "record fewer or smaller spans; see docs/scale.md")
    })
}

fn missing_trace(fetched: &Fetched, function: Option<&Function>) -> Problem {
    if let Ok(SegmentDestination::TransactionSearch { indexed_percent }) = &fetched.destination {
        let percent = indexed_percent.map(|percent| format!(", which are {percent} % of them")).unwrap_or_default();
        return Problem::new(
            format!(
                "Transaction Search is on: BatchGetTraces finds only indexed traces{percent}, \
                 and the request's trace is not indexed"
            ),
            "look in log group aws/spans, index more traces (aws xray update-indexing-rule), or turn it off for the \
             account: aws xray update-trace-segment-destination --destination XRay",
        );
    }
    match function.filter(|function| !function.is_traced) {
        Some(function) => Problem::new(
            format!("the request's trace did not appear, and {} is not traced", function.name),
            "set Tracing: Active on the function, and TracingEnabled: true on the API (template.yaml)",
        ),
        None => Problem::new(
            "the request's trace did not appear",
            "set TracingEnabled: true on the API, check that AWS_REGION is the stack's, or wait longer with --wait",
        ),
    }
}

fn check_rules(rules: &[SamplingRule], service: &str) -> Option<Problem> {
    let Some(rule) = rules.iter().find(|rule| rule.service_name == service && rule.url_path == "*") else {
        let similar = rules.iter().find(|rule| rule.name.contains("crudder") || rule.service_name.contains("rudd"));
        let message = match similar {
            Some(SamplingRule { name, service_name, .. }) => {
                format!("sampling rule {name} is for {service_name:?}, but segments are named {service}")
            }
            None => format!("no sampling rule is for {service}"),
        };
        return Some(Problem::new(message, DEPLOY));
    };
    if !["*", "AWS::ApiGateway::Stage", "AWS::APIGateway::Stage"].contains(&rule.service_type.as_str()) {
        let message = format!("sampling rule {} is only for services of type {:?}", rule.name, rule.service_type);
        return Some(Problem::new(message, "set its ServiceType to *"));
    }
    (rule.fixed_rate <= 0.0 && rule.reservoir_size <= 0).then(|| {
        let message = format!("sampling rule {} samples nothing", rule.name);
        Problem::new(message, "give it a ReservoirSize or a FixedRate above zero")
    })
}

fn check_groups(groups: &[Group], stage: &str, service: &str, is_in_group: Option<bool>) -> Option<Problem> {
    let Some(Group { name, filter }) = group_of_stage(groups, stage) else {
        return Some(Problem::new(format!("there is no group crudder-{stage}"), DEPLOY));
    };
    if !filter.contains(&format!("service(\"{service}\")")) {
        let message = format!("group {name} filters by {filter:?}, but segments are named {service}");
        return Some(Problem::new(message, DEPLOY));
    }
    (is_in_group == Some(false)).then(|| {
        let message = format!("group {name} does not show the request's trace");
        Problem::new(message, "check the group's filter expression in the CloudWatch settings")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::AwsError;
    use crate::doctor::finding::Status;
    use serde_json::json;

    fn fetched_without_problems() -> Fetched {
        let rule = |name: &str, path: &str| SamplingRule {
            name: name.to_owned(),
            service_name: "crudder/dev".to_owned(),
            service_type: "*".to_owned(),
            fixed_rate: 0.1,
            reservoir_size: 5,
            url_path: path.to_owned(),
        };
        let documents = vec![json!({ "name": "crudder/dev" }), json!({ "name": "GET /", "type": "subsegment" })];
        Fetched {
            trace: Ok(Some(TraceDocuments { documents, ..TraceDocuments::default() })),
            rules: Ok(vec![rule("crudder-dev-health-check", "*/api/health-check"), rule("crudder-dev", "*")]),
            groups: Ok(vec![Group { name: "crudder-dev".to_owned(), filter: "service(\"crudder/dev\")".to_owned() }]),
            destination: Ok(SegmentDestination::XRay),
            got_response: true,
            is_in_group: Some(true),
        }
    }

    fn with_document(fetched: &mut Fetched, document: serde_json::Value) {
        fetched.trace = Ok(Some(TraceDocuments { documents: vec![document], ..TraceDocuments::default() }));
    }

    fn problems(fetched: &Fetched) -> Vec<String> {
        let findings = evaluate(fetched, "dev", None).into_iter();
        findings.filter(|finding| finding.status == Status::Failed).map(|finding| finding.message).collect()
    }

    #[test]
    fn no_problem_is_one_ok_finding() {
        let findings = evaluate(&fetched_without_problems(), "dev", None);
        assert!(matches!(findings.as_slice(), [Finding { status: Status::Ok, .. }]), "{findings:?}");
    }

    #[test]
    fn each_problem_is_one_finding() {
        type Break = fn(&mut Fetched);
        let cases: [(Break, &str); 10] = [
            (|fetched| fetched.trace = Ok(None), "did not appear"),
            (
                |fetched| fetched.trace = Err(AwsError::AccessDenied { action: "xray:BatchGetTraces" }),
                "no permission for xray:BatchGetTraces",
            ),
            (
                |fetched| {
                    fetched.trace = Ok(None);
                    fetched.destination = Ok(SegmentDestination::TransactionSearch { indexed_percent: Some(1.0) });
                },
                "Transaction Search is on",
            ),
            (
                |fetched| with_document(fetched, json!({ "name": "backend-flask" })),
                "no segment is named crudder/dev; the names are: backend-flask",
            ),
            (|fetched| with_document(fetched, json!({ "name": "crudder/dev" })), "none from the function itself"),
            (
                |fetched| {
                    let rules = fetched.rules.as_mut().unwrap();
                    rules.iter_mut().for_each(|rule| rule.service_name = "Cruddur".to_owned());
                },
                "is for \"Cruddur\", but segments are named crudder/dev",
            ),
            (
                |fetched| fetched.rules.as_mut().unwrap()[1].service_type = "AWS::EC2::Instance".to_owned(),
                "services of type",
            ),
            (
                |fetched| {
                    let rule = &mut fetched.rules.as_mut().unwrap()[1];
                    (rule.fixed_rate, rule.reservoir_size) = (0.0, 0);
                },
                "samples nothing",
            ),
            (
                |fetched| fetched.groups.as_mut().unwrap()[0].filter = "service(\"backend-flask\")".to_owned(),
                "filters by",
            ),
            (|fetched| fetched.is_in_group = Some(false), "does not show the request's trace"),
        ];
        for (break_it, expected) in cases {
            let mut fetched = fetched_without_problems();
            break_it(&mut fetched);
            let problems = problems(&fetched);
            assert!(matches!(problems.as_slice(), [one] if one.contains(expected)), "{expected}: {problems:?}");
        }
    }
}
