//! The planes of a deployed stack, by its name or by its API's address.

use std::time::Duration;

use super::finding::Finding;
use super::probe::Probe;
use super::{cloudwatch, honeycomb, rollbar, xray};
use crate::aws::{Aws, AwsFault, Function, Stack};
use crate::client::Client;
use crate::config::Config;

/// What doctor calls: an ordinary read that reaches the table.
const PATH: &str = "/api/activities/home";
const FUNCTION: &str = "home-activities";

/// Where a stack is, and what it is made of as far as that is known.
#[derive(Debug, Default)]
struct Site {
    api: String,
    stage: String,
    stack: Stack,
}

/// A stack by its name.
pub(crate) async fn by_stack(client: &Client, config: &Config, name: &str, patience: Duration) -> Vec<Finding> {
    let aws = match Aws::load(config, None).await {
        Ok(aws) => aws,
        Err(fault) => return vec![Finding::fault("AWS", &fault)],
    };
    let stack = match aws.stack(name).await {
        Ok(stack) => stack,
        Err(fault) => {
            let words = format!("stack {name} in {}: {fault}", aws.region());
            return vec![Finding::wrong("AWS", words, fault.mend())];
        }
    };
    let (api, stage) = (stack.outputs.get("ApiUrl").cloned(), stack.parameters.get("Stage").cloned());
    let Some(api) = api else {
        return vec![Finding::wrong(
            "AWS",
            format!("stack {name} has no output ApiUrl"),
            "deploy template.yaml as it is",
        )];
    };
    let stage = stage.or_else(|| stage_of(&api)).unwrap_or_default();
    check(client, config, Ok(aws), Site { api, stage, stack }, patience).await
}

/// A stack by the address of its API.
pub(crate) async fn by_url(client: &Client, config: &Config, url: &str, patience: Duration) -> Vec<Finding> {
    let Some(stage) = stage_of(url) else {
        let mend = "give the stack's output ApiUrl, which ends with the stage, or --stack NAME";
        return vec![Finding::wrong("API", format!("{url} names no stage"), mend)];
    };
    let site = Site { api: url.to_owned(), stage, stack: Stack::default() };
    let aws = Aws::load(config, region_of(url)).await;
    check(client, config, aws, site, patience).await
}

/// The first part of the path.
fn stage_of(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    path.split('/').next().filter(|stage| !stage.is_empty()).map(str::to_owned)
}

/// `https://ID.execute-api.REGION.amazonaws.com`
fn region_of(url: &str) -> Option<&str> {
    url.split_once(".execute-api.")?.1.split('.').next()
}

async fn check(
    client: &Client,
    config: &Config,
    aws: Result<Aws, AwsFault>,
    site: Site,
    patience: Duration,
) -> Vec<Finding> {
    let probe = Probe::make(client, &site.api, PATH).await;
    let mut findings = vec![probe.finding(&site.api, PATH)];
    let function = match &aws {
        Ok(aws) => {
            let (stage, expected, called) = (site.stage.as_str(), groups_of(&site.stack), function_of(&site));
            let (function, xray, cloudwatch) = tokio::join!(
                aws.function(&called),
                xray::ask(aws, &probe, stage, patience),
                cloudwatch::ask(aws, &probe, stage, patience)
            );
            findings.extend(xray::verdict(&xray, stage, function.as_ref().ok()));
            findings.extend(cloudwatch::verdict(&cloudwatch, stage, &expected));
            function
        }
        Err(fault) => {
            findings.extend(["X-Ray", "CloudWatch"].map(|plane| Finding::fault(plane, fault)));
            Err(fault.clone())
        }
    };
    findings.extend(of_layer(&function, config));
    let function = function.ok();
    findings.push(honeycomb::check(client, config, function.as_ref()).await);
    findings.push(rollbar::check(client, config, &site.stage, function.as_ref()).await);
    findings
}

/// The function that is called, by the stack's own word where there is one.
fn function_of(site: &Site) -> String {
    let named = site.stack.of_type("AWS::Lambda::Function").find(|name| name.ends_with(FUNCTION));
    named.map_or_else(|| format!("crudder-{}-{FUNCTION}", site.stage), str::to_owned)
}

fn groups_of(stack: &Stack) -> Vec<String> {
    stack.of_type("AWS::Logs::LogGroup").map(str::to_owned).collect()
}

/// Keys are of no use to a function without the layer, and the layer is of none without keys.
fn of_layer(function: &Result<Function, AwsFault>, config: &Config) -> Option<Finding> {
    let function = match function {
        Ok(function) => function,
        Err(fault @ (AwsFault::NoCredentials(_) | AwsFault::NoRegion)) => {
            let words = format!("which layer and keys the functions have was not checked: {fault}");
            return Some(Finding::wrong("Layer", words, fault.mend()));
        }
        Err(fault) => return Some(Finding::fault("Layer", fault)),
    };
    let nothing = |variable| function.holds(variable, None) == crate::aws::Held::Nothing;
    let is_keyless = nothing(honeycomb::VARIABLE) && nothing(rollbar::VARIABLE);
    let is_attached = function.layers.iter().any(|arn| arn.to_lowercase().contains("crudder"));
    let name = &function.name;
    let is_wanted = !is_keyless || config.honeycomb_key.is_some() || config.rollbar_token.is_some();
    Some(match (is_attached, is_wanted) {
        (true, _) => Finding::ok("Layer", format!("{name} has it")),
        (false, false) => Finding::off("Layer", format!("{name} has none, and no key that would need it")),
        (false, true) => Finding::wrong(
            "Layer",
            format!("{name} has no layer of Crudder's: nothing can reach Honeycomb and Rollbar"),
            "deploy template.yaml with the layer and its keys",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_stage_and_region() {
        let url = "https://abcdef1234.execute-api.ca-central-1.amazonaws.com/dev";
        assert_eq!((stage_of(url).as_deref(), region_of(url)), (Some("dev"), Some("ca-central-1")));
        assert_eq!(stage_of("https://abcdef1234.execute-api.ca-central-1.amazonaws.com/"), None);
        assert_eq!((stage_of("https://api.crudder.test"), region_of("https://api.crudder.test/dev")), (None, None));
    }
}
