//! Parameters: each said and checked, keys never in clear, every variable of the house among those that functions are told.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::policy::{document, parameters};

/// Every deployment uses the default of these: the template has no parameter for them.
const DEFAULT_IN_THE_CLOUD: [&str; 3] = ["CRUDDER_RECORDER", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"];

fn pattern(parameter: &str) -> Regex {
    let document = document();
    Regex::new(document.sections()["Parameters"][parameter]["AllowedPattern"].as_str().unwrap()).unwrap()
}

#[test]
fn every_parameter_says_what_it_is_and_what_it_takes() {
    let document = document();
    for (name, stated) in document.sections()["Parameters"].as_object().unwrap() {
        assert!(stated["Description"].as_str().is_some_and(|text| text.len() > 15), "{name} says nothing of itself");
        assert!(!stated["Default"].is_null(), "{name} has no default");
        let is_checked = ["AllowedPattern", "AllowedValues", "MinValue"].iter().any(|check| !stated[*check].is_null());
        assert!(is_checked, "{name} takes anything");
        if let Some(pattern) = stated["AllowedPattern"].as_str() {
            let default = stated["Default"].as_str().unwrap();
            assert!(
                Regex::new(pattern).unwrap().is_match(default),
                "{name}: {pattern} refuses its default {default:?}"
            );
        }
    }
}

#[test]
fn a_key_in_clear_is_refused_and_the_arn_of_one_taken() {
    for name in ["HoneycombKeyArn", "RollbarTokenArn"] {
        let pattern = pattern(name);
        for taken in [
            "",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crudder/honeycomb-AbCdEf",
            "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/crudder/rollbar",
        ] {
            assert!(pattern.is_match(taken), "{name}: {taken}");
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
fn an_origin_and_a_stage_are_what_functions_take() {
    let (origin, stage) = (pattern("CorsOrigin"), pattern("Stage"));
    for (taken, refused) in
        [("*", ""), ("https://crudder.example", "https://crudder.example/"), ("http://localhost:3000", "a b")]
    {
        assert!(origin.is_match(taken), "{taken}");
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
fn variables_fit_into_lambdas_four_kilobytes_at_their_longest() {
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
fn faults_can_not_be_switched_on_in_production() {
    let document = document();
    let stated = &document.function("RollbarTest")["Environment"]["Variables"]["CRUDDER_FAULTS"];
    let told = |stage| document.resolve(stated, &parameters(&[("Stage", stage), ("Faults", "on")])).unwrap();
    assert_eq!((told("dev"), told("prod")), (Value::from("on"), Value::from("off")));
}

#[test]
fn samconfig_sets_only_parameters_that_there_are() {
    let document = document();
    let known = document.sections()["Parameters"].as_object().unwrap();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/samconfig.toml")).unwrap();
    let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("parameter_overrides = ")).collect();
    assert_eq!(lines.len(), 2, "one for dev, one for prod");
    for pair in lines.iter().flat_map(|line| line.trim_matches('"').split(' ')) {
        let (name, value) = pair.split_once('=').unwrap();
        let stated = known.get(name).unwrap_or_else(|| panic!("there is no parameter {name}"));
        if let Some(values) = stated["AllowedValues"].as_array() {
            assert!(values.iter().any(|allowed| allowed.to_string().trim_matches('"') == value), "{pair}");
        }
    }
}
