//! `opentelemetry-lambda-tower` over `lambda_http`. It flushes after each request, its default.

use std::sync::Arc;

use lambda_http::Error;
use opentelemetry_lambda_tower::{ApiGatewayV1Extractor, OtelTracingLayer};
use tower::ServiceBuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let provider = Arc::new(crudder_peers::start());
    let layer = OtelTracingLayer::builder(ApiGatewayV1Extractor::new()).tracer_provider(provider).build();
    let service = ServiceBuilder::new().layer(layer).service_fn(handle);
    lambda_runtime::run(service).await
}

async fn handle(
    _: lambda_runtime::LambdaEvent<aws_lambda_events::apigw::ApiGatewayProxyRequest>,
) -> Result<serde_json::Value, Error> {
    Ok(serde_json::json!({ "statusCode": 200, "body": crudder_peers::work().await }))
}
