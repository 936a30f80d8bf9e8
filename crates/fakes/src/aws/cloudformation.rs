//! Responses of CloudFormation's DescribeStacks and ListStackResources.

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::config::{AwsConfig, FUNCTIONS};
use super::protocol::Protocol;
use crate::handler::{Call, Response};

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

fn parameter(call: &Call, name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(&call.body).into_owned();
    let value = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?.to_owned();
    Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
}

/// Returns the error for a stack that does not exist.
fn missing_stack(config: &AwsConfig, call: &Call) -> Option<Response> {
    let name = parameter(call, "StackName").unwrap_or_default();
    let message = format!("Stack with id {name} does not exist");
    (name != config.stack).then(|| Protocol::Query.error(StatusCode::BAD_REQUEST, "ValidationError", &message))
}

pub(super) fn describe_stacks(config: &AwsConfig, call: &Call) -> Response {
    if let Some(error) = missing_stack(config, call) {
        return error;
    }
    let (stack, stage, host) = (&config.stack, &config.stage, call.header("host").unwrap_or_default());
    let body = format!(
        "<DescribeStacksResponse xmlns=\"{NAMESPACE}\"><DescribeStacksResult><Stacks><member><StackName>{stack}</StackName>\
         <StackStatus>UPDATE_COMPLETE</StackStatus><Parameters><member><ParameterKey>Stage</ParameterKey>\
         <ParameterValue>{stage}</ParameterValue></member></Parameters><Outputs><member><OutputKey>ApiUrl</OutputKey>\
         <OutputValue>http://{host}/{stage}</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    );
    Response::new(StatusCode::OK, "text/xml", body)
}

/// Returns type and physical id of each resource of the stack.
fn stack_resources(config: &AwsConfig) -> Vec<(&'static str, String)> {
    let stage = &config.stage;
    let mut resources = vec![
        ("AWS::XRay::SamplingRule", format!("arn:aws:xray:us-east-1:123456789012:sampling-rule/crudder-{stage}")),
        ("AWS::XRay::Group", format!("arn:aws:xray:us-east-1:123456789012:group/crudder-{stage}/ABC")),
        ("AWS::ApiGateway::RestApi", "abcdef1234".to_owned()),
        ("AWS::Logs::LogGroup", format!("/crudder/{stage}/api")),
    ];
    for function in FUNCTIONS {
        resources.push(("AWS::Lambda::Function", format!("crudder-{stage}-{function}")));
        resources.push(("AWS::Logs::LogGroup", format!("/crudder/{stage}/{function}")));
    }
    resources
}

/// Returns two resources per page, so that a client that reads a single page misses resources.
pub(super) fn list_stack_resources(config: &AwsConfig, call: &Call) -> Response {
    if let Some(error) = missing_stack(config, call) {
        return error;
    }
    let resources = stack_resources(config);
    let start: usize = parameter(call, "NextToken").and_then(|token| token.parse().ok()).unwrap_or_default();
    let page = resources.iter().skip(start).take(2).map(|(kind, id)| {
        format!("<member><ResourceType>{kind}</ResourceType><PhysicalResourceId>{id}</PhysicalResourceId></member>")
    });
    let page: String = page.collect();
    let next =
        if start + 2 < resources.len() { format!("<NextToken>{}</NextToken>", start + 2) } else { String::new() };
    let body = format!(
        "<ListStackResourcesResponse xmlns=\"{NAMESPACE}\"><ListStackResourcesResult><StackResourceSummaries>{page}\
         </StackResourceSummaries>{next}</ListStackResourcesResult></ListStackResourcesResponse>"
    );
    Response::new(StatusCode::OK, "text/xml", body)
}
