//! Each function is traced and logged, has the layer, and is built by make.

use std::collections::BTreeMap;
use std::path::Path;

use crudder_local::template::Document;
use serde_json::json;

use crate::policy::{document, list};
use crate::{functions, only, resource};

/// Returns a sentence for each setting that a function lacks.
fn missing_settings(document: &Document, name: &str) -> Vec<String> {
    let function = document.resolve(&document.function(name), &BTreeMap::new()).unwrap();
    let logging = &function["LoggingConfig"];
    let group = logging["LogGroup"].as_str().unwrap_or_default();
    let has_retention = document
        .resources("AWS::Logs::LogGroup")
        .any(|(known, resource)| known == group && !resource["Properties"]["RetentionInDays"].is_null());
    let checks = [
        ("is not traced", function["Tracing"] == "Active"),
        ("does not log as JSON", logging["LogFormat"] == "JSON"),
        ("has no log level", !logging["ApplicationLogLevel"].is_null()),
        ("has no log group with retention", has_retention),
        ("has no layer", list(&function["Layers"]) == [json!("CrudderLayer")]),
        ("has no trigger", function["Events"].as_object().is_some_and(|events| !events.is_empty())),
        ("has another runtime", function["Runtime"] == "provided.al2023" && function["Handler"] == "bootstrap"),
        ("has no memory or timeout", function["MemorySize"].is_u64() && function["Timeout"].is_u64()),
        ("has another architecture", function["Architectures"] == json!(["x86_64"])),
    ];
    checks.iter().filter(|(_, holds)| !holds).map(|(what, _)| format!("{name} {what}")).collect()
}

#[test]
fn every_function_is_traced_logged_with_retention_and_has_the_layer() {
    let document = document();
    let missing: Vec<String> = functions(&document).iter().flat_map(|name| missing_settings(&document, name)).collect();
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(only(&document, "AWS::Serverless::Api")["TracingEnabled"], true);
}

#[test]
fn a_function_that_lacks_a_setting_is_named() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    for (from, to, expected) in [
        ("Tracing: Active", "Tracing: PassThrough", "HealthCheck is not traced"),
        ("LogFormat: JSON", "LogFormat: Text", "HealthCheck does not log as JSON"),
        ("Layers: [!Ref CrudderLayer]", "Layers: []", "HealthCheck has no layer"),
        ("Runtime: provided.al2023", "Runtime: provided.al1999", "HealthCheck has another runtime"),
        ("LogGroup: !Ref HealthCheckLogs", "LogGroup: !Ref Table", "HealthCheck has no log group with retention"),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = Document::parse(&text.replace(from, to)).unwrap();
        assert_eq!(missing_settings(&broken, "HealthCheck"), [expected]);
    }
}

#[test]
fn each_function_is_built_by_make_from_the_binary_of_its_name() {
    let document = document();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, function) in document.resources("AWS::Serverless::Function") {
        // functions/Makefile computes the binary's name in the same way.
        let hyphen = |at: usize| if at == 0 { "" } else { "-" };
        let parts = name.char_indices().map(|(at, letter)| match letter.is_ascii_uppercase() {
            true => format!("{}{}", hyphen(at), letter.to_ascii_lowercase()),
            false => letter.to_string(),
        });
        let expected = json!({ "BuildMethod": "makefile", "WorkingDirectory": ".", "BuildProperties": { "Binary": parts.collect::<String>() } });
        assert_eq!(function["Metadata"], expected, "{name}");
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join(layer["Properties"]["ContentUri"].as_str().unwrap());
    let makefile = std::fs::read_to_string(folder.join("Makefile")).unwrap();
    assert!(makefile.contains("\nbuild-CrudderLayer:"), "{makefile}");
}
