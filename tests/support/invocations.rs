//! Invocations of functions without the gateway.

use crudder_emulator::{Invocation, Outcome};
use serde_json::{Value, json};

use super::{TestStack, root};

impl TestStack {
    /// Reads the sample event of a function.
    pub fn event(&self, function: &str) -> Value {
        let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Invokes a function with its sample event.
    pub async fn sample(&self, function: &str) -> (u16, Value) {
        self.invoke(function, &self.event(function)).await
    }

    /// Invokes a function with a proxy event; returns the status, and the body as JSON or as text.
    pub async fn invoke(&self, function: &str, event: &Value) -> (u16, Value) {
        let response = self.invoke_raw(function, event).await;
        let body = response["body"].as_str().unwrap_or_else(|| panic!("{function}: no proxy response: {response}"));
        let status = response["statusCode"].as_u64().unwrap().try_into().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }

    /// Invokes a function with any event; returns its response.
    pub async fn invoke_raw(&self, function: &str, event: &Value) -> Value {
        let name = format!("crudder-local-{function}");
        let outcome = self.local.emulator().invoke(&name, Invocation::new(event.to_string())).await.unwrap();
        let Outcome::Succeeded { payload, .. } = outcome else { panic!("{function}: {outcome:?}") };
        serde_json::from_slice(&payload).unwrap()
    }
}
