//! Which crate may depend on which.

use std::collections::BTreeSet;

use crate::{names, read};

/// The crates of this workspace that each crate may depend on. ARCHITECTURE.md has the same table.
const ALLOWED: [(&str, &[&str]); 15] = [
    ("api", &["domain", "settings", "store", "telemetry"]),
    ("cli", &["extension", "local", "settings", "text", "xray"]),
    ("domain", &[]),
    ("emulator", &[]),
    ("extension", &["otlp", "recorder", "settings", "text", "xray"]),
    ("fakes", &[]),
    ("local", &["domain", "emulator", "fakes", "settings", "store"]),
    ("otlp", &[]),
    ("recorder", &[]),
    ("settings", &[]),
    ("store", &["domain", "settings"]),
    ("telemetry", &["otlp", "recorder", "settings", "text", "xray"]),
    ("testing", &[]),
    ("text", &[]),
    ("xray", &["text"]),
];

#[test]
fn every_crate_depends_only_on_what_the_table_allows() {
    let crates = names("crates", "");
    assert_eq!(crates, ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, allowed) in ALLOWED {
        for dependency in dependencies(&format!("crates/{name}")) {
            if let Some(other) = dependency.strip_prefix("crudder-") {
                assert!(allowed.contains(&other), "crates/{name} must not depend on crates/{other}");
            }
        }
    }
}

#[test]
fn the_layer_is_only_the_main_of_the_extension() {
    let expected = ["crudder-extension", "tokio"].map(str::to_owned);
    assert_eq!(dependencies("layer"), BTreeSet::from(expected));
}

#[test]
fn each_sdk_is_used_by_one_crate() {
    for (sdk, owners) in
        [("aws-sdk-dynamodb", &["store"][..]), ("aws-sdk-xray", &["cli"]), ("lambda_http", &["api", "telemetry"])]
    {
        for name in names("crates", "") {
            assert!(
                owners.contains(&name.as_str()) || !dependencies(&format!("crates/{name}")).contains(sdk),
                "crates/{name} depends on {sdk}; only {owners:?} may"
            );
        }
    }
}

/// Returns the names in the `[dependencies]` of the crate in this folder.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let lines = section.lines().filter(|line| !line.starts_with(['#', ' ', ']']) && !line.is_empty());
    lines.map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned()).collect()
}

#[test]
fn only_the_recorder_may_contain_unsafe_code() {
    for name in names("crates", "") {
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        let inherits = manifest.contains("[lints]\nworkspace = true");
        assert_eq!(
            inherits,
            name != "recorder",
            "crates/{name} must inherit the workspace's lints, `unsafe_code = \"forbid\"` among them"
        );
    }
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
}
