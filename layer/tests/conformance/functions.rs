//! Crudder's functions and the layer, as this run of Cargo has built them, under the emulator.

use std::path::{Path, PathBuf};

use crudder_fakes::{Fakes, HoneycombKey, RollbarToken};
use serde_json::Value;

use crate::emulator::Emulator;

const LAYER: &str = env!("CARGO_BIN_EXE_crudder-extension");

impl Emulator {
    /// With one of Crudder's functions and this timeout, in whole seconds.
    pub(crate) async fn with(function: &str, timeout_s: u64, vendors: &Fakes) -> Self {
        let variables = [
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout_s.to_string()),
            ("CRUDDER_FAULTS", "on".to_owned()),
            ("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned()),
            ("HONEYCOMB_API_ENDPOINT", vendors.honeycomb.url().to_owned()),
            ("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned()),
            ("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", vendors.rollbar.url())),
        ];
        Self::start(Path::new(LAYER), &built(function), variables).await
    }

    /// What the function answers to a proxy event: status and body.
    pub(crate) async fn request(&self, event: &Value) -> (u64, String) {
        let (status, answer) = self.invoke(event).await;
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no proxy answer: {answer}"));
        let body = answer["body"].as_str().expect("a body").to_owned();
        (answer["statusCode"].as_u64().expect("a status"), body)
    }
}

/// The sample event of a function, with this query.
pub(crate) fn event(function: &str, query: Option<(&str, &str)>) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/{function}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut event: Value = serde_json::from_str(&text).expect("JSON");
    if let Some((name, value)) = query {
        event["queryStringParameters"] = serde_json::json!({ name: value });
        event["multiValueQueryStringParameters"] = serde_json::json!({ name: [value] });
    }
    event
}

/// A function's binary. It is another package's, so cargo names it to nobody here; it lies beside the layer's.
fn built(function: &str) -> PathBuf {
    let path = Path::new(LAYER).with_file_name(function);
    assert!(path.is_file(), "{} is not built: `make witness` builds the layer and the functions", path.display());
    path
}
