//! Properties of template.yaml that no lint checks: log groups, the table, sampling, and names
//! within the limits of AWS.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod alarms;
mod costs;
mod function_settings;
mod parameters;
mod permissions;
#[path = "../support/policy.rs"]
mod policy;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use crudder_local::template::Document;
use policy::{document, parameters};
use serde_json::{Value, json};

/// Returns the logical IDs of all functions.
fn functions(document: &Document) -> Vec<String> {
    let found: Vec<_> = document.resources("AWS::Serverless::Function").map(|(name, _)| name.to_owned()).collect();
    assert!(found.len() >= 15, "only {found:?} found");
    found
}

/// Returns the properties of the only resource of a type, resolved with the defaults of the
/// parameters.
fn only(document: &Document, kind: &str) -> Value {
    let [(_, resource)] = document.resources(kind).collect::<Vec<_>>().try_into().unwrap();
    document.resolve(&resource["Properties"], &BTreeMap::new()).unwrap()
}

/// Returns a resource by its type and name, resolved with the defaults of the parameters.
fn resource(document: &Document, kind: &str, name: &str) -> Value {
    let found = document.resources(kind).find(|(known, _)| *known == name);
    document.resolve(found.unwrap_or_else(|| panic!("the template has no {kind} {name}")).1, &BTreeMap::new()).unwrap()
}

#[test]
fn every_log_group_has_a_retention_and_belongs_to_a_function_or_the_api() {
    let document = document();
    let groups: BTreeSet<String> = document
        .resources("AWS::Logs::LogGroup")
        .map(|(name, group)| {
            assert_eq!(group["Properties"]["RetentionInDays"], json!({ "Ref": "LogRetentionDays" }), "{name}");
            name.to_owned()
        })
        .collect();
    let mut expected: BTreeSet<String> = functions(&document).iter().map(|name| format!("{name}Logs")).collect();
    expected.insert("ApiLogs".to_owned());
    assert_eq!(groups, expected);
}

#[test]
fn the_access_log_is_one_json_object_with_the_trace_id() {
    let api = only(&document(), "AWS::Serverless::Api");
    let setting = &api["AccessLogSetting"];
    assert!(setting["DestinationArn"].as_str().unwrap().ends_with(":log-group:ApiLogs"), "{setting}");
    let format: Value = serde_json::from_str(setting["Format"].as_str().unwrap()).unwrap();
    assert_eq!(format["xray_trace_id"], "$context.xrayTraceId");
    let unknown: Vec<_> = format
        .as_object()
        .unwrap()
        .values()
        .filter(|value| !value.as_str().unwrap().starts_with("$context."))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for secret in ["authorization", "body", "email", "userAgent"] {
        assert!(!format.to_string().to_lowercase().contains(&secret.to_lowercase()), "{secret} is logged");
    }
    let method = &api["MethodSettings"][0];
    assert_eq!((&method["DataTraceEnabled"], &method["LoggingLevel"]), (&json!(false), &json!("OFF")));
    assert_eq!((&method["ThrottlingRateLimit"], &method["ThrottlingBurstLimit"]), (&json!(1000), &json!(500)));
}

#[test]
fn account_wide_resources_outlive_the_stack_and_are_created_on_demand_only() {
    let document = document();
    for (kind, name) in [("AWS::ApiGateway::Account", "ApiAccount"), ("AWS::IAM::Role", "ApiAccountRole")] {
        let resource = document.resources(kind).find(|(known, _)| *known == name).unwrap().1;
        assert_eq!((&resource["DeletionPolicy"], &resource["Condition"]), (&json!("Retain"), &json!("MakesLogRole")));
    }
    let off = parameters(&[("AccessLogs", "off")]);
    let (_, api) = document.resources("AWS::Serverless::Api").next().unwrap();
    assert_eq!(document.resolve(&api["Properties"]["AccessLogSetting"], &off), Ok(Value::Null));
}

#[test]
fn the_table_can_be_restored_deletes_expired_items_and_is_protected_in_production() {
    let document = document();
    let (_, table) = document.resources("AWS::DynamoDB::Table").next().unwrap();
    let properties = |stage| document.resolve(&table["Properties"], &parameters(&[("Stage", stage)])).unwrap();
    let dev = properties("dev");
    assert_eq!(dev["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(dev["TimeToLiveSpecification"], json!({ "AttributeName": "ttl", "Enabled": true }));
    assert_eq!(dev["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(
        (&dev["DeletionProtectionEnabled"], &properties("prod")["DeletionProtectionEnabled"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
}

#[test]
fn the_sampling_rules_and_the_group_have_the_name_of_the_segments() {
    let document = document();
    let api = only(&document, "AWS::Serverless::Api");
    let segment = format!("{}/{}", api["Name"].as_str().unwrap(), api["StageName"].as_str().unwrap());
    assert_eq!(segment, "crudder/dev");
    let rule = |name| resource(&document, "AWS::XRay::SamplingRule", name)["Properties"]["SamplingRule"].clone();
    let (default, health) = (rule("Sampling"), rule("HealthCheckSampling"));
    for rule in [&default, &health] {
        assert_eq!((rule["ServiceName"].as_str(), rule["ServiceType"].as_str()), (Some(segment.as_str()), Some("*")));
    }
    assert_eq!(
        (&default["Priority"], &default["ReservoirSize"], &default["FixedRate"]),
        (&json!(9000), &json!(5), &json!(0.1))
    );
    assert!(health["Priority"].as_u64() < default["Priority"].as_u64(), "the first rule that matches decides");
    assert_eq!((&health["ReservoirSize"], &health["FixedRate"]), (&json!(0), &json!(0.01)));
    assert_eq!(only(&document, "AWS::XRay::Group")["FilterExpression"], format!("service(\"{segment}\")"));
}

#[test]
fn every_name_is_within_the_limits_of_aws_at_the_longest_stage() {
    let document = document();
    let longest = parameters(&[("Stage", "abcdefghijk")]);
    let limits = [
        ("AWS::XRay::SamplingRule", "/SamplingRule/RuleName", 32),
        ("AWS::XRay::Group", "/GroupName", 32),
        ("AWS::Serverless::Function", "/FunctionName", 64),
        ("AWS::Cognito::UserPool", "/UserPoolName", 128),
        ("AWS::Logs::LogGroup", "/LogGroupName", 512),
        ("AWS::Serverless::LayerVersion", "/LayerName", 140),
    ];
    for (kind, pointer, limit) in limits {
        for (name, resource) in document.resources(kind) {
            let value = document.resolve(resource["Properties"].pointer(pointer).unwrap(), &longest).unwrap();
            let length = value.as_str().unwrap().len();
            assert!((1..=limit).contains(&length), "{name}: {value} has {length} letters, {limit} are allowed");
        }
    }
}
