//! A function that serves several invocations at once, as on Lambda Managed Instances. Each span
//! has the mark of its event.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};
use tower::Layer;

/// The number of invocations being served.
static ACTIVE: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let telemetry = crudder_telemetry::start()?;
    Runtime::new(telemetry.layer().layer(service_fn(serve))).run_concurrent().await
}

/// Returns how many invocations were being served at the same time.
async fn serve(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let active = ACTIVE.fetch_add(1, Ordering::SeqCst) + 1;
    let answer = work(&event.payload, event.payload["mark"].as_u64().unwrap_or_default()).await;
    ACTIVE.fetch_sub(1, Ordering::SeqCst);
    answer.map(|()| json!(active))
}

#[tracing::instrument(skip(event))]
async fn work(event: &Value, mark: u64) -> Result<(), Error> {
    for number in 0..3 {
        step(mark, number, Duration::from_millis(event["pause_ms"].as_u64().unwrap_or_default())).await;
    }
    match event["kind"].as_str() {
        Some("abort") => std::process::abort(),
        Some("error") => Err("the mark is refused".into()),
        _ => Ok(()),
    }
}

#[tracing::instrument(skip(pause))]
async fn step(mark: u64, number: u64, pause: Duration) {
    tokio::time::sleep(pause).await;
    tracing::info!("step");
}
