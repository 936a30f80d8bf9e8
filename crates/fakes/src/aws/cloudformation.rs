//! CloudFormation's DescribeStacks and ListStackResources; the latter in pages of two, so that whoever reads one page misses something.

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::AwsConfig;
use super::config::FUNCTIONS;
use super::fault::Protocol;
use crate::handler::{Answer, Call};

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

fn parameter(call: &Call, name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(&call.body).into_owned();
    let value = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?.to_owned();
    Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
}

/// The refusal of a stack that does not exist.
fn missing(config: &AwsConfig, call: &Call) -> Option<Answer> {
    let name = parameter(call, "StackName").unwrap_or_default();
    let message = format!("Stack with id {name} does not exist");
    (name != config.stack).then(|| Protocol::Query.error(StatusCode::BAD_REQUEST, "ValidationError", &message))
}

pub(super) fn stacks(config: &AwsConfig, call: &Call) -> Answer {
    if let Some(missing) = missing(config, call) {
        return missing;
    }
    let (stack, stage, host) = (&config.stack, &config.stage, call.header("host").unwrap_or_default());
    let body = format!(
        "<DescribeStacksResponse xmlns=\"{NAMESPACE}\"><DescribeStacksResult><Stacks><member><StackName>{stack}</StackName>\
         <StackStatus>UPDATE_COMPLETE</StackStatus><Parameters><member><ParameterKey>Stage</ParameterKey>\
         <ParameterValue>{stage}</ParameterValue></member></Parameters><Outputs><member><OutputKey>ApiUrl</OutputKey>\
         <OutputValue>http://{host}/{stage}</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    );
    Answer::new(StatusCode::OK, "text/xml", body)
}

/// Type and physical id of what the template makes.
fn all(config: &AwsConfig) -> Vec<(&'static str, String)> {
    let stage = &config.stage;
    let mut all = vec![
        ("AWS::XRay::SamplingRule", format!("arn:aws:xray:us-east-1:123456789012:sampling-rule/crudder-{stage}")),
        ("AWS::XRay::Group", format!("arn:aws:xray:us-east-1:123456789012:group/crudder-{stage}/ABC")),
        ("AWS::ApiGateway::RestApi", "abcdef1234".to_owned()),
        ("AWS::Logs::LogGroup", format!("/crudder/{stage}/api")),
    ];
    for function in FUNCTIONS {
        all.push(("AWS::Lambda::Function", format!("crudder-{stage}-{function}")));
        all.push(("AWS::Logs::LogGroup", format!("/crudder/{stage}/{function}")));
    }
    all
}

pub(super) fn resources(config: &AwsConfig, call: &Call) -> Answer {
    if let Some(missing) = missing(config, call) {
        return missing;
    }
    let all = all(config);
    let from: usize = parameter(call, "NextToken").and_then(|token| token.parse().ok()).unwrap_or_default();
    let page = all.iter().skip(from).take(2).map(|(kind, id)| {
        format!("<member><ResourceType>{kind}</ResourceType><PhysicalResourceId>{id}</PhysicalResourceId></member>")
    });
    let page: String = page.collect();
    let next = if from + 2 < all.len() { format!("<NextToken>{}</NextToken>", from + 2) } else { String::new() };
    let body = format!(
        "<ListStackResourcesResponse xmlns=\"{NAMESPACE}\"><ListStackResourcesResult><StackResourceSummaries>{page}\
         </StackResourceSummaries>{next}</ListStackResourcesResult></ListStackResourcesResponse>"
    );
    Answer::new(StatusCode::OK, "text/xml", body)
}
