//! Checks a deployed stack, found by its name or by its API's address.

use std::time::Duration;

use super::finding::Finding;
use super::probe::Probe;
use super::{cloudwatch, honeycomb, rollbar, xray};
use crate::aws::{Aws, AwsError, Function, KeyMatch, Stack};
use crate::config::Config;
use crate::http::HttpClient;

/// The request that doctor sends: an ordinary one, which reads the table.
const PATH: &str = "/api/activities/home";
/// The function that serves it.
const FUNCTION: &str = "home-activities";

/// A deployed API, its stage, and its stack, which is empty if only the address is known.
#[derive(Debug, Default)]
struct Deployment {
    api: String,
    stage: String,
    stack: Stack,
}

/// Checks a stack by its CloudFormation name.
pub(crate) async fn check_stack(http: &HttpClient, config: &Config, name: &str, timeout: Duration) -> Vec<Finding> {
    let aws = match Aws::load(config, None).await {
        Ok(aws) => aws,
        Err(error) => return vec![Finding::aws_error("AWS", &error)],
    };
    let stack = match aws.stack(name).await {
        Ok(stack) => stack,
        Err(error) => {
            let message = format!("stack {name} in {}: {error}", aws.region());
            return vec![Finding::failed("AWS", message, error.fix())];
        }
    };
    let (api, stage) = (stack.outputs.get("ApiUrl").cloned(), stack.parameters.get("Stage").cloned());
    let Some(api) = api else {
        let fix = "deploy template.yaml, which has this output";
        return vec![Finding::failed("AWS", format!("stack {name} has no output ApiUrl"), fix)];
    };
    let stage = stage.or_else(|| stage_of(&api)).unwrap_or_default();
    check(http, config, Ok(aws), Deployment { api, stage, stack }, timeout).await
}

/// Checks a stack by the address of its API.
pub(crate) async fn check_url(http: &HttpClient, config: &Config, url: &str, timeout: Duration) -> Vec<Finding> {
    let Some(stage) = stage_of(url) else {
        let fix = "pass the stack's output ApiUrl, which ends with the stage, or use --stack NAME";
        return vec![Finding::failed("API", format!("{url} does not contain a stage"), fix)];
    };
    let deployment = Deployment { api: url.to_owned(), stage, stack: Stack::default() };
    let aws = Aws::load(config, region_of(url)).await;
    check(http, config, aws, deployment, timeout).await
}

/// Returns the first segment of the path.
fn stage_of(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    path.split('/').next().filter(|stage| !stage.is_empty()).map(str::to_owned)
}

/// Returns the region of `https://ID.execute-api.REGION.amazonaws.com`.
fn region_of(url: &str) -> Option<&str> {
    url.split_once(".execute-api.")?.1.split('.').next()
}

async fn check(
    http: &HttpClient,
    config: &Config,
    aws: Result<Aws, AwsError>,
    deployment: Deployment,
    timeout: Duration,
) -> Vec<Finding> {
    let probe = Probe::send(http, &deployment.api, PATH).await;
    let mut findings = vec![probe.finding(&deployment.api, PATH)];
    let function = match &aws {
        Ok(aws) => {
            let (stage, name) = (deployment.stage.as_str(), function_name(&deployment));
            let (function, xray, cloudwatch) = tokio::join!(
                aws.function(&name),
                xray::fetch(aws, &probe, stage, timeout),
                cloudwatch::fetch(aws, &probe, stage, timeout)
            );
            findings.extend(xray::evaluate(&xray, stage, function.as_ref().ok()));
            findings.extend(cloudwatch::evaluate(&cloudwatch, stage, &log_groups(&deployment.stack)));
            function
        }
        Err(error) => {
            findings.extend(["X-Ray", "CloudWatch"].map(|component| Finding::aws_error(component, error)));
            Err(error.clone())
        }
    };
    findings.extend(check_layer(&function, config));
    let function = function.ok();
    findings.push(honeycomb::check(http, config, function.as_ref()).await);
    findings.push(rollbar::check(http, config, &deployment.stage, function.as_ref()).await);
    findings
}

/// Returns the name of the function that serves [`PATH`], from the stack's resources if they are
/// known.
fn function_name(deployment: &Deployment) -> String {
    let resource = deployment.stack.resource_ids("AWS::Lambda::Function").find(|name| name.ends_with(FUNCTION));
    resource.map_or_else(|| format!("crudder-{}-{FUNCTION}", deployment.stage), str::to_owned)
}

fn log_groups(stack: &Stack) -> Vec<String> {
    stack.resource_ids("AWS::Logs::LogGroup").map(str::to_owned).collect()
}

/// Checks that a function with keys has the layer: the layer exports, and it needs keys to do so.
fn check_layer(function: &Result<Function, AwsError>, config: &Config) -> Option<Finding> {
    let function = match function {
        Ok(function) => function,
        Err(error @ (AwsError::NoCredentials(_) | AwsError::NoRegion)) => {
            let message = format!("the functions' layer and keys were not checked: {error}");
            return Some(Finding::failed("Layer", message, error.fix()));
        }
        Err(error) => return Some(Finding::aws_error("Layer", error)),
    };
    let is_unset = |variable| function.match_key(variable, None) == KeyMatch::Unset;
    let has_keys = !(is_unset(honeycomb::VARIABLE) && is_unset(rollbar::VARIABLE));
    let has_layer = function.layers.iter().any(|arn| arn.to_lowercase().contains("crudder"));
    let name = &function.name;
    let needs_layer = has_keys || config.honeycomb_key.is_some() || config.rollbar_token.is_some();
    Some(match (has_layer, needs_layer) {
        (true, _) => Finding::ok("Layer", format!("{name} has the Crudder layer")),
        (false, false) => Finding::disabled("Layer", format!("{name} has no layer, and no key that needs it")),
        (false, true) => Finding::failed(
            "Layer",
            format!("{name} does not have the Crudder layer, so nothing reaches Honeycomb or Rollbar"),
            "deploy template.yaml with the layer and its keys",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_and_region_are_read_from_the_address() {
        let url = "https://abcdef1234.execute-api.ca-central-1.amazonaws.com/dev";
        assert_eq!((stage_of(url).as_deref(), region_of(url)), (Some("dev"), Some("ca-central-1")));
        assert_eq!(stage_of("https://abcdef1234.execute-api.ca-central-1.amazonaws.com/"), None);
        assert_eq!((stage_of("https://api.crudder.test"), region_of("https://api.crudder.test/dev")), (None, None));
    }
}
