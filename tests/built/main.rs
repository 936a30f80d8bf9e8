//! What `sam build` made, as Lambda would run it: each function with the layer beside it under AWS's own emulator, answering its sample
//! event, its spans arriving; how long both take to start; and the same events by cargo-lambda's own emulator.
//!
//! `make built` says where things are: `CRUDDER_BUILT` is SAM's folder of artifacts (the functions in it are taken, be it one or all),
//! `CRUDDER_RIE` the emulator, `CRUDDER_BARE` the binary `bare` of crates/api, built in the same way. `make watched`: `CRUDDER_CARGO_LAMBDA`
//! is cargo-lambda.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

#[path = "../support/address.rs"]
mod address;
mod emulated;
#[path = "../support/emulator.rs"]
mod emulator;
#[path = "../support/program.rs"]
#[expect(dead_code, reason = "the witnesses listen to their programs, these only end them")]
mod program;
mod starts;
mod watched;

use std::path::{Path, PathBuf};

use crudder_local::Settings;
use crudder_local::template::{Function, Template};
use program::named_by;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn layer() -> PathBuf {
    named_by("CRUDDER_BUILT").join("CrudderLayer/extensions/crudder-extension")
}

/// The functions that were built, each with its bootstrap.
fn built() -> Vec<(Function, PathBuf)> {
    let settings = Settings::parse(|_| None).unwrap();
    let template = Template::read(&root().join("template.yaml"), &settings.variables).unwrap();
    let folder = named_by("CRUDDER_BUILT");
    let found: Vec<_> = template
        .functions
        .into_iter()
        .map(|function| (folder.join(&function.resource).join("bootstrap"), function))
        .filter(|(bootstrap, _)| bootstrap.is_file())
        .map(|(bootstrap, function)| (function, bootstrap))
        .collect();
    assert!(!found.is_empty(), "{} holds no function", folder.display());
    found
}

fn sample(function: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What a proxy answer must say, or a trigger's: a status below 500 and a body of JSON; the event again.
fn holds(function: &str, event: &Value, answer: &Value) {
    if event["httpMethod"].is_null() {
        assert_eq!(event, answer, "{function}");
        return;
    }
    let status = answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{function}: {answer}"));
    // The sample events of a reply and of a post's page name a post that is nobody's, that of messages a conversation of others.
    let wanted: &[u64] = match function {
        "create-reply" | "show-activity" => &[404],
        "messages" => &[403],
        _ => &[200],
    };
    assert!(wanted.contains(&status), "{function}: {answer}");
    let body = answer["body"].as_str().unwrap();
    assert!(function == "rollbar-test" || serde_json::from_str::<Value>(body).is_ok(), "{function}: {body}");
}
