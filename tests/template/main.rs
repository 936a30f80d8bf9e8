//! What template.yaml must say, and no lint asks: each function traced, logged and with the layer, each name within AWS's limits.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

mod alarms;
mod doc_links;
mod parameters;
mod permissions;
#[path = "../support/policy.rs"]
mod policy;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use crudder_local::template::Document;
use policy::{document, list, parameters};
use serde_json::{Value, json};

/// The logical ids of all functions.
fn functions(document: &Document) -> Vec<String> {
    let found: Vec<_> = document.resources("AWS::Serverless::Function").map(|(name, _)| name.to_owned()).collect();
    assert!(found.len() >= 15, "only {found:?}");
    found
}

/// The properties of the one resource of its type, worked out with the parameters' defaults.
fn only(document: &Document, kind: &str) -> Value {
    let [(_, resource)] = document.resources(kind).collect::<Vec<_>>().try_into().unwrap();
    document.resolve(&resource["Properties"], &BTreeMap::new()).unwrap()
}

fn resource(document: &Document, kind: &str, name: &str) -> Value {
    let found = document.resources(kind).find(|(known, _)| *known == name);
    document.resolve(found.unwrap_or_else(|| panic!("there is no {kind} {name}")).1, &BTreeMap::new()).unwrap()
}

/// What is wrong with how a function is watched, in words.
fn unwatched(document: &Document, name: &str) -> Vec<String> {
    let function = document.resolve(&document.function(name), &BTreeMap::new()).unwrap();
    let logging = &function["LoggingConfig"];
    let group = logging["LogGroup"].as_str().unwrap_or_default();
    let kept = document
        .resources("AWS::Logs::LogGroup")
        .any(|(known, stated)| known == group && !stated["Properties"]["RetentionInDays"].is_null());
    let checks = [
        ("is not traced", function["Tracing"] == "Active"),
        ("does not log as JSON", logging["LogFormat"] == "JSON"),
        ("has no level of its log", !logging["ApplicationLogLevel"].is_null()),
        ("has no log group with retention", kept),
        ("has no layer", list(&function["Layers"]) == [json!("CrudderLayer")]),
        ("has no trigger", function["Events"].as_object().is_some_and(|events| !events.is_empty())),
        ("runs elsewhere", function["Runtime"] == "provided.al2023" && function["Handler"] == "bootstrap"),
        ("has no memory or timeout", function["MemorySize"].is_u64() && function["Timeout"].is_u64()),
        ("has a processor of its own", function["Architectures"] == json!(["x86_64"])),
    ];
    checks.iter().filter(|(_, holds)| !holds).map(|(what, _)| format!("{name} {what}")).collect()
}

#[test]
fn every_function_is_traced_logged_with_retention_and_has_the_layer() {
    let document = document();
    let wrong: Vec<String> = functions(&document).iter().flat_map(|name| unwatched(&document, name)).collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(only(&document, "AWS::Serverless::Api")["TracingEnabled"], true);
}

#[test]
fn a_function_that_lacks_a_setting_is_named() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    for (from, to, said) in [
        ("Tracing: Active", "Tracing: PassThrough", "HealthCheck is not traced"),
        ("LogFormat: JSON", "LogFormat: Text", "HealthCheck does not log as JSON"),
        ("Layers: [!Ref CrudderLayer]", "Layers: []", "HealthCheck has no layer"),
        ("Runtime: provided.al2023", "Runtime: provided.al1999", "HealthCheck runs elsewhere"),
        ("LogGroup: !Ref HealthCheckLogs", "LogGroup: !Ref Table", "HealthCheck has no log group with retention"),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = Document::parse(&text.replace(from, to)).unwrap();
        assert_eq!(unwatched(&broken, "HealthCheck"), [said]);
    }
}

#[test]
fn every_log_group_has_a_retention_and_belongs_to_a_function_or_the_api() {
    let document = document();
    let groups: BTreeSet<String> = document
        .resources("AWS::Logs::LogGroup")
        .map(|(name, stated)| {
            assert_eq!(stated["Properties"]["RetentionInDays"], json!({ "Ref": "LogRetentionDays" }), "{name}");
            name.to_owned()
        })
        .collect();
    let mut wanted: BTreeSet<String> = functions(&document).iter().map(|name| format!("{name}Logs")).collect();
    wanted.insert("ApiLogs".to_owned());
    assert_eq!(groups, wanted);
}

#[test]
fn the_access_log_is_one_json_object_with_the_trace_id() {
    let api = only(&document(), "AWS::Serverless::Api");
    let setting = &api["AccessLogSetting"];
    assert!(setting["DestinationArn"].as_str().unwrap().ends_with(":log-group:ApiLogs"), "{setting}");
    let format: Value = serde_json::from_str(setting["Format"].as_str().unwrap()).unwrap();
    assert_eq!(format["xray_trace_id"], "$context.xrayTraceId");
    let strange: Vec<_> = format
        .as_object()
        .unwrap()
        .values()
        .filter(|value| !value.as_str().unwrap().starts_with("$context."))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
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
        let stated = document.resources(kind).find(|(known, _)| *known == name).unwrap().1;
        assert_eq!((&stated["DeletionPolicy"], &stated["Condition"]), (&json!("Retain"), &json!("MakesLogRole")));
    }
    let off = parameters(&[("AccessLogs", "off")]);
    let (_, api) = document.resources("AWS::Serverless::Api").next().unwrap();
    assert_eq!(document.resolve(&api["Properties"]["AccessLogSetting"], &off), Ok(Value::Null));
}

#[test]
fn each_function_is_built_by_make_from_the_binary_of_its_name() {
    let document = document();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, function) in document.resources("AWS::Serverless::Function") {
        // As functions/Makefile makes the one from the other.
        let hyphen = |at: usize| if at == 0 { "" } else { "-" };
        let parts = name.char_indices().map(|(at, letter)| match letter.is_ascii_uppercase() {
            true => format!("{}{}", hyphen(at), letter.to_ascii_lowercase()),
            false => letter.to_string(),
        });
        let made = json!({ "BuildMethod": "makefile", "WorkingDirectory": ".", "BuildProperties": { "Binary": parts.collect::<String>() } });
        assert_eq!(function["Metadata"], made, "{name}");
        let folder = root.join(document.function(name)["CodeUri"].as_str().unwrap());
        let makefile = std::fs::read_to_string(folder.join("Makefile")).unwrap();
        assert!(makefile.contains("\nbuild-%:"), "{makefile}");
    }
}

#[test]
fn the_layer_is_built_by_make_and_its_versions_are_retained() {
    let document = document();
    let layer = resource(&document, "AWS::Serverless::LayerVersion", "CrudderLayer");
    assert_eq!(layer["Metadata"], json!({ "BuildMethod": "makefile", "WorkingDirectory": "." }));
    assert_eq!(layer["Properties"]["RetentionPolicy"], "Retain");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join(layer["Properties"]["ContentUri"].as_str().unwrap());
    let makefile = std::fs::read_to_string(folder.join("Makefile")).unwrap();
    assert!(makefile.contains("\nbuild-CrudderLayer:"), "{makefile}");
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
    let (people, health) = (rule("Sampling"), rule("HealthCheckSampling"));
    for rule in [&people, &health] {
        assert_eq!((rule["ServiceName"].as_str(), rule["ServiceType"].as_str()), (Some(segment.as_str()), Some("*")));
    }
    assert_eq!(
        (&people["Priority"], &people["ReservoirSize"], &people["FixedRate"]),
        (&json!(9000), &json!(5), &json!(0.1))
    );
    assert!(health["Priority"].as_u64() < people["Priority"].as_u64(), "the first rule that fits decides");
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
    for (kind, place, limit) in limits {
        for (resource, stated) in document.resources(kind) {
            let name = document.resolve(stated["Properties"].pointer(place).unwrap(), &longest).unwrap();
            let length = name.as_str().unwrap().len();
            assert!((1..=limit).contains(&length), "{resource}: {name} has {length} letters, {limit} are allowed");
        }
    }
}
