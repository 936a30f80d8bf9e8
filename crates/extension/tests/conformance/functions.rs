//! Crudder's functions and the extension, as Cargo has built them, under RIE.

use std::path::Path;

use crudder_fakes::{Fakes, HoneycombKey, RollbarToken};
use crudder_testing::rie::Rie;
use serde_json::Value;

use crate::binary::{built, extension};

/// Builds functions and extension.
const BUILD: &str = "cargo build";

/// Starts RIE with one of Crudder's functions and this timeout in whole seconds.
pub(crate) async fn start(function: &str, timeout_s: u64, fakes: &Fakes) -> Rie {
    let variables = [
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout_s.to_string()),
        ("CRUDDER_FAULTS", "on".to_owned()),
        ("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned()),
        ("HONEYCOMB_API_ENDPOINT", fakes.honeycomb.url().to_owned()),
        ("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned()),
        ("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", fakes.rollbar.url())),
    ];
    Rie::start(&extension(), &built(function, BUILD), variables).await
}

/// Invokes the function with a proxy event; returns status and body of its response.
pub(crate) async fn request(rie: &Rie, event: &Value) -> (u64, String) {
    let (status, text) = rie.invoke(event).await;
    assert_eq!(status, 200, "{text}");
    let response: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no proxy response: {text}"));
    let body = response["body"].as_str().expect("a body").to_owned();
    (response["statusCode"].as_u64().expect("a status"), body)
}

/// Returns the sample event of a function, with this query.
pub(crate) fn event(function: &str, query: Option<(&str, &str)>) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../events/{function}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut event: Value = serde_json::from_str(&text).expect("JSON");
    if let Some((name, value)) = query {
        event["queryStringParameters"] = serde_json::json!({ name: value });
        event["multiValueQueryStringParameters"] = serde_json::json!({ name: [value] });
    }
    event
}
