//! The artifacts of `sam build`, run as Lambda runs them.
//!
//! Each function runs with the layer under AWS's own emulator, answers its sample event and exports
//! its spans. The start-up time of functions and layer is measured. cargo-lambda's emulator sends
//! the same events.
//!
//! `make built` sets `CRUDDER_BUILT`, SAM's folder of artifacts with one or all functions,
//! `CRUDDER_RIE`, the emulator, and `CRUDDER_BARE`, the binary `bare` of crates/api, built in the
//! same way. `make watched` sets `CRUDDER_CARGO_LAMBDA`, the program cargo-lambda.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod emulated;
mod starts;
mod watched;

use std::path::{Path, PathBuf};

use crudder_local::Settings;
use crudder_local::template::{Function, Template};
use crudder_testing::program::path_from_variable;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the path of the built extension.
fn layer() -> PathBuf {
    path_from_variable("CRUDDER_BUILT").join("CrudderLayer/extensions/crudder-extension")
}

/// Returns the functions that were built, each with the path of its bootstrap.
fn built() -> Vec<(Function, PathBuf)> {
    let settings = Settings::parse(|_| None).unwrap();
    let template = Template::read(&root().join("template.yaml"), &settings.variables).unwrap();
    let folder = path_from_variable("CRUDDER_BUILT");
    let found: Vec<_> = template
        .functions
        .into_iter()
        .map(|function| (folder.join(&function.resource).join("bootstrap"), function))
        .filter(|(bootstrap, _)| bootstrap.is_file())
        .map(|(bootstrap, function)| (function, bootstrap))
        .collect();
    assert!(!found.is_empty(), "{} has no function", folder.display());
    found
}

/// Reads the sample event of a function.
fn sample(function: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Checks the response to a sample event: the expected status and a JSON body, or for a trigger the
/// event itself.
fn check_response(function: &str, event: &Value, response: &Value) {
    if event["httpMethod"].is_null() {
        assert_eq!(event, response, "{function}");
        return;
    }
    let status = response["statusCode"].as_u64().unwrap_or_else(|| panic!("{function}: {response}"));
    // Two sample events name a post that does not exist, one a conversation of other users.
    let expected: &[u64] = match function {
        "create-reply" | "show-activity" => &[404],
        "messages" => &[403],
        _ => &[200],
    };
    assert!(expected.contains(&status), "{function}: {response}");
    let body = response["body"].as_str().unwrap();
    assert!(function == "rollbar-test" || serde_json::from_str::<Value>(body).is_ok(), "{function}: {body}");
}
