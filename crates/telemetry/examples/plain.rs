//! A function on plain `lambda_runtime`, with spans, log lines, X-Ray subsegments and reports.

use crudder_telemetry::RuntimeLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};
use tower::Layer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = crudder_telemetry::start()?;
    Runtime::new(telemetry.layer().layer(service_fn(greet))).layer(RuntimeLayer).run().await
}

#[tracing::instrument(skip_all)]
async fn greet(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().ok_or("missing name")?;
    tracing::info!(length = name.len(), "greeting");
    Ok(json!({ "hello": name }))
}
