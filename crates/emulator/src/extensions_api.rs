//! The Extensions API, version 2020-01-01.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::api::{Answer, Door, accepted, header, read_body};
use crate::life::{Call, Refusal};

const IDENTIFIER: &str = "lambda-extension-identifier";

pub(crate) fn routes() -> Router<Door> {
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

async fn register(State(door): State<Door>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let name = header(&headers, "lambda-extension-name").to_owned();
    if name.is_empty() {
        return Err(Refusal::new(403, "Extension.InvalidExtensionName", "Empty extension name"));
    }
    let registration: Registration = serde_json::from_slice(&read_body(body).await)
        .map_err(|error| Refusal::new(403, "InvalidRequestFormat", error.to_string()))?;
    let id = Uuid::new_v4().to_string();
    door.ask(Call::Register { id: id.clone(), name, events: registration.events }).await?;
    let mut about = json!({
        "functionName": door.identity.function,
        "functionVersion": "$LATEST",
        "handler": "bootstrap",
    });
    let wants_account =
        header(&headers, "lambda-extension-accept-feature").split(',').any(|it| it.trim() == "accountId");
    if let (true, Some(about)) = (wants_account, about.as_object_mut()) {
        about.insert("accountId".to_owned(), door.identity.account_id.as_str().into());
    }
    Ok(([(IDENTIFIER, id)], Json(about)).into_response())
}

async fn next(State(door): State<Door>, headers: HeaderMap) -> Result<Response, Refusal> {
    let id = identifier(&headers)?;
    match door.ask(Call::ExtensionNext { id }).await? {
        Answer::Event(event) => {
            let event_id = Uuid::new_v4().to_string();
            Ok(([("lambda-extension-event-identifier", event_id)], Json(event)).into_response())
        }
        _ => Ok(accepted()),
    }
}

async fn init_error(State(door): State<Door>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    report(&door, &headers, body, true).await
}

async fn exit_error(State(door): State<Door>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    report(&door, &headers, body, false).await
}

async fn report(door: &Door, headers: &HeaderMap, body: Body, during_init: bool) -> Result<Response, Refusal> {
    let id = identifier(headers)?;
    if header(headers, "lambda-extension-function-error-type").is_empty() {
        let message = "Lambda-Extension-Function-Error-Type not found";
        return Err(Refusal::new(403, "Extension.MissingHeader", message));
    }
    // Read so that the connection can be used again; the platform logs nothing of it.
    read_body(body).await;
    door.ask(Call::ExtensionErred { id, during_init }).await.map(|_| accepted())
}

/// The identifier that `register` gave out.
pub(crate) fn identifier(headers: &HeaderMap) -> Result<String, Refusal> {
    let id = header(headers, IDENTIFIER);
    if id.is_empty() {
        let message = "Missing Lambda-Extension-Identifier header";
        return Err(Refusal::new(403, "Extension.MissingExtensionIdentifier", message));
    }
    let parsed = Uuid::parse_str(id).map(|id| id.to_string());
    parsed.map_err(|_| Refusal::new(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"))
}
