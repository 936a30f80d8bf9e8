//! Parameters: each is described and checked, keys are never in plaintext, and every variable of
//! Crudder can be set.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::policy::{document, parameters};

/// Every deployment uses the default of these: the template has no parameter for them.
const DEFAULT_IN_THE_CLOUD: [&str; 3] = ["CRUDDER_RECORDER", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"];

/// Returns the pattern of a parameter.
fn pattern(parameter: &str) -> Regex {
    let document = document();
    Regex::new(document.sections()["Parameters"][parameter]["AllowedPattern"].as_str().unwrap()).unwrap()
}

#[test]
fn every_parameter_has_a_description_a_default_and_a_check() {
    let document = document();
    for (name, parameter) in document.sections()["Parameters"].as_object().unwrap() {
        assert!(parameter["Description"].as_str().is_some_and(|text| text.len() > 15), "{name} has no description");
        assert!(!parameter["Default"].is_null(), "{name} has no default");
        let is_checked =
            ["AllowedPattern", "AllowedValues", "MinValue"].iter().any(|check| !parameter[*check].is_null());
        assert!(is_checked, "{name} has no check");
        if let Some(pattern) = parameter["AllowedPattern"].as_str() {
            let default = parameter["Default"].as_str().unwrap();
            assert!(
                Regex::new(pattern).unwrap().is_match(default),
                "{name}: {pattern} refuses its default {default:?}"
            );
        }
    }
}

#[test]
fn a_plaintext_key_is_refused_and_its_arn_is_accepted() {
    for name in ["HoneycombKeyArn", "RollbarTokenArn"] {
        let pattern = pattern(name);
        for accepted in [
            "",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crudder/honeycomb-AbCdEf",
            "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/crudder/rollbar",
        ] {
            assert!(pattern.is_match(accepted), "{name}: {accepted}");
        }
        for refused in [
            "hcaik_01hqk4k20cjeh63wca8vva5stw",
            "0123456789abcdef0123456789abcdef",
            "arn:aws:s3:::bucket/key",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:*",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:name-without-its-end",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/*",
        ] {
            assert!(!pattern.is_match(refused), "{name}: {refused}");
        }
    }
}

#[test]
fn an_origin_and_a_stage_are_checked_as_the_functions_do() {
    let (origin, stage) = (pattern("CorsOrigin"), pattern("Stage"));
    for (accepted, refused) in
        [("*", ""), ("https://crudder.example", "https://crudder.example/"), ("http://localhost:3000", "a b")]
    {
        assert!(origin.is_match(accepted), "{accepted}");
        assert!(!origin.is_match(refused), "{refused:?}");
    }
    assert!(stage.is_match("abcdefghijk") && !stage.is_match("abcdefghijkl") && !stage.is_match("Prod"));
}

#[test]
fn every_setting_of_functions_and_extension_is_set_in_the_template() {
    let tables = xtask::Tables::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let is_used = |users: &str| users.contains("functions") || users.contains("extension");
    let used = tables.settings.iter().filter(|row| is_used(&row.used_by) && !row.used_by.contains("Lambda sets it"));
    let names = used.map(|row| row.name.clone()).filter(|name| !DEFAULT_IN_THE_CLOUD.contains(&name.as_str()));
    let mut expected: BTreeSet<String> = names.collect();
    assert!(expected.len() > 15, "{expected:?}");
    let document = document();
    let variables_of = |function: &str| {
        let function = document.function(function);
        function["Environment"]["Variables"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>()
    };
    assert_eq!(variables_of("RollbarTest"), expected);
    // Only this function can inject faults.
    expected.remove("CRUDDER_FAULTS");
    assert_eq!(variables_of("HomeActivities"), expected);
}

#[test]
fn the_longest_variables_fit_into_the_four_kilobytes_of_lambda() {
    let document = document();
    let arn = format!("arn:aws:secretsmanager:eu-central-1:123456789012:secret:{}-AbCdEf", "x".repeat(200));
    let longest = parameters(&[
        ("HoneycombKeyArn", &arn),
        ("RollbarTokenArn", &arn),
        ("HoneycombService", &"x".repeat(100)),
        ("HoneycombDataset", &"x".repeat(100)),
        ("Version", &"x".repeat(64)),
        ("CorsOrigin", &format!("https://{}", "x".repeat(200))),
    ]);
    let variables = &document.function("RollbarTest")["Environment"]["Variables"];
    let variables = document.resolve(variables, &longest).unwrap();
    let bytes: usize = variables
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| name.len() + value.as_str().map_or_else(|| value.to_string().len(), str::len))
        .sum();
    assert!(bytes < 4096, "{bytes} bytes");
}

#[test]
fn faults_cannot_be_enabled_in_production() {
    let document = document();
    let variable = &document.function("RollbarTest")["Environment"]["Variables"]["CRUDDER_FAULTS"];
    let faults = |stage| document.resolve(variable, &parameters(&[("Stage", stage), ("Faults", "on")])).unwrap();
    assert_eq!((faults("dev"), faults("prod")), (Value::from("on"), Value::from("off")));
}

#[test]
fn samconfig_sets_only_parameters_that_exist() {
    let document = document();
    let known = document.sections()["Parameters"].as_object().unwrap();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/samconfig.toml")).unwrap();
    let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("parameter_overrides = ")).collect();
    assert_eq!(lines.len(), 2, "one line for dev, one for prod");
    for pair in lines.iter().flat_map(|line| line.trim_matches('"').split(' ')) {
        let (name, value) = pair.split_once('=').unwrap();
        let parameter = known.get(name).unwrap_or_else(|| panic!("the template has no parameter {name}"));
        if let Some(values) = parameter["AllowedValues"].as_array() {
            assert!(values.iter().any(|allowed| allowed.to_string().trim_matches('"') == value), "{pair}");
        }
    }
}
