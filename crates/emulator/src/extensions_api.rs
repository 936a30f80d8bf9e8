//! The routes of the Extensions API, version 2020-01-01.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::api::{ApiState, CallResponse, accepted, header, read_body};
use crate::lifecycle::{ApiCall, ApiError};

const IDENTIFIER: &str = "lambda-extension-identifier";

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(next))
        .route("/2020-01-01/extension/init/error", post(init_error))
        .route("/2020-01-01/extension/exit/error", post(exit_error))
}

#[derive(Debug, Deserialize)]
struct Registration {
    #[serde(default)]
    events: Vec<String>,
}

async fn register(State(api): State<ApiState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let name = header(&headers, "lambda-extension-name").to_owned();
    if name.is_empty() {
        return Err(ApiError::new(403, "Extension.InvalidExtensionName", "Empty extension name"));
    }
    let registration: Registration = serde_json::from_slice(&read_body(body).await)
        .map_err(|error| ApiError::new(403, "InvalidRequestFormat", error.to_string()))?;
    let id = Uuid::new_v4().to_string();
    api.call(ApiCall::Register { id: id.clone(), name, events: registration.events }).await?;
    let mut function = json!({
        "functionName": api.identity.function,
        "functionVersion": "$LATEST",
        "handler": "bootstrap",
    });
    let features = header(&headers, "lambda-extension-accept-feature");
    let wants_account_id = features.split(',').any(|feature| feature.trim() == "accountId");
    if let (true, Some(function)) = (wants_account_id, function.as_object_mut()) {
        function.insert("accountId".to_owned(), api.identity.account_id.as_str().into());
    }
    Ok(([(IDENTIFIER, id)], Json(function)).into_response())
}

async fn next(State(api): State<ApiState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = identifier(&headers)?;
    match api.call(ApiCall::ExtensionNext { id }).await? {
        CallResponse::Event(event) => {
            let event_id = Uuid::new_v4().to_string();
            Ok(([("lambda-extension-event-identifier", event_id)], Json(event)).into_response())
        }
        _ => Ok(accepted()),
    }
}

async fn init_error(State(api): State<ApiState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    report_error(&api, &headers, body, true).await
}

async fn exit_error(State(api): State<ApiState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    report_error(&api, &headers, body, false).await
}

async fn report_error(
    api: &ApiState,
    headers: &HeaderMap,
    body: Body,
    during_init: bool,
) -> Result<Response, ApiError> {
    let id = identifier(headers)?;
    if header(headers, "lambda-extension-function-error-type").is_empty() {
        let message = "Lambda-Extension-Function-Error-Type not found";
        return Err(ApiError::new(403, "Extension.MissingHeader", message));
    }
    // The body is read so that the connection can be used again. Lambda does not log it.
    read_body(body).await;
    api.call(ApiCall::ExtensionError { id, during_init }).await.map(|_| accepted())
}

/// Returns the caller's id, which it got from `register`.
pub(crate) fn identifier(headers: &HeaderMap) -> Result<String, ApiError> {
    let id = header(headers, IDENTIFIER);
    if id.is_empty() {
        let message = "Missing Lambda-Extension-Identifier header";
        return Err(ApiError::new(403, "Extension.MissingExtensionIdentifier", message));
    }
    let invalid = "Invalid Lambda-Extension-Identifier";
    let parsed = Uuid::parse_str(id).map(|id| id.to_string());
    parsed.map_err(|_| ApiError::new(403, "Extension.InvalidExtensionIdentifier", invalid))
}
