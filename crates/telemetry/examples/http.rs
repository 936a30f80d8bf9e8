//! A function behind API Gateway or a function URL, on `lambda_http`.
//!
//! The layer names the root span after method and route (`GET /items/{id}`), sets OpenTelemetry's
//! attributes of an HTTP server, and logs the access line.

use crudder_telemetry::{RuntimeLayer, Telemetry, set_annotation};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use serde_json::{Value, json};
use tower::Layer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::builder().service_name("shop").version("1.2.3").start()?;
    let handler = telemetry.http_layer().layer(service_fn(show_item));
    lambda_http::runtime(handler).layer(RuntimeLayer).run().await
}

async fn show_item(request: Request) -> Result<Response<Body>, Error> {
    let parameters = request.path_parameters();
    let id = parameters.first("id").unwrap_or_default();
    set_annotation("item", id.to_owned());
    match price_of(id).await {
        Some(price) => json_response(StatusCode::OK, &json!({ "id": id, "price": price })),
        None => json_response(StatusCode::NOT_FOUND, &json!({ "error": "no such item" })),
    }
}

/// Stands for a call to a database.
#[tracing::instrument]
async fn price_of(id: &str) -> Option<u32> {
    tracing::info!(id, "looking up the price");
    (id == "lamp").then_some(42)
}

fn json_response(status: StatusCode, body: &Value) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(body.to_string().into())?)
}
