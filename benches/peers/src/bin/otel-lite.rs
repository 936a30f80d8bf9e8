//! `lambda-otel-lite` with its own span processor and an OTLP exporter.
//! `LAMBDA_EXTENSION_SPAN_PROCESSOR_MODE` is `sync` or `async`.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use lambda_otel_lite::{LambdaSpanProcessor, OtelTracingLayer, TelemetryConfig, init_telemetry};
use lambda_runtime::{Error, LambdaEvent, Runtime};
use serde_json::{Value, json};
use tower::ServiceBuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let processor = LambdaSpanProcessor::builder().exporter(crudder_peers::exporter()).build();
    let config = TelemetryConfig::builder().with_span_processor(processor).enable_fmt_layer(true).build();
    let (_, completion) = init_telemetry(config).await?;
    let service = ServiceBuilder::new().layer(OtelTracingLayer::new(completion).with_name("bench")).service_fn(handle);
    Runtime::new(service).run().await
}

async fn handle(_: LambdaEvent<ApiGatewayProxyRequest>) -> Result<Value, Error> {
    Ok(json!({ "statusCode": 200, "body": crudder_peers::work().await }))
}
