//! A function behind an SQS queue. It reports the messages that failed, so that SQS delivers only
//! these again (`ReportBatchItemFailures` in the event source mapping).
//!
//! Each message has a span, with a link to the trace of its sender.

use std::num::ParseIntError;

use crudder_telemetry::{RuntimeLayer, Telemetry, add_link};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};
use tower::Layer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::builder().service_name("orders").start()?;
    Runtime::new(telemetry.layer().layer(service_fn(receive))).layer(RuntimeLayer).run().await
}

/// Processes a batch. The feature `sqs` of `aws_lambda_events` has types for event and response.
async fn receive(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut failures = Vec::new();
    for message in event.payload["Records"].as_array().into_iter().flatten() {
        let id = message["messageId"].as_str().unwrap_or_default();
        if process(id, message).await.is_err() {
            failures.push(json!({ "itemIdentifier": id }));
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

#[tracing::instrument(
    skip_all,
    err,
    fields(otel.kind = "consumer", messaging.system = "aws_sqs", messaging.message.id = id)
)]
async fn process(id: &str, message: &Value) -> Result<(), ParseIntError> {
    if let Some(header) = message["attributes"]["AWSTraceHeader"].as_str() {
        add_link(header);
    }
    let quantity: u32 = message["body"].as_str().unwrap_or_default().parse()?;
    tracing::info!(quantity, "order taken");
    Ok(())
}
