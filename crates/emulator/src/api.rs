//! What the handlers of the Runtime, Extensions and Telemetry API share: their state and their responses.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::faults::SharedFaults;
use crate::lifecycle::{ApiCall, ApiError};
use crate::outcome::RESPONSE_LIMIT;

/// How many calls may wait for the environment's loop. The runtime and ten extensions make one
/// call at a time; the rest is for new connections while a cut one is still open.
const CALL_QUEUE_LENGTH: usize = 32;

/// A call that waits for the environment's loop.
#[derive(Debug)]
pub(crate) struct PendingCall {
    pub(crate) call: ApiCall,
    pub(crate) response: oneshot::Sender<CallResponse>,
}

/// The loop's response to a call.
#[derive(Debug)]
pub(crate) enum CallResponse {
    Accepted,
    Registered,
    Refused(ApiError),
    /// An invocation for the runtime.
    Invocation {
        headers: HeaderMap,
        payload: Bytes,
    },
    /// An event for an extension.
    Event(serde_json::Value),
}

/// The function's identity and faults, for the handlers.
#[derive(Debug)]
pub(crate) struct FunctionIdentity {
    pub(crate) function: String,
    pub(crate) account_id: String,
    pub(crate) faults: SharedFaults,
}

/// The state that all handlers share.
#[derive(Debug, Clone)]
pub(crate) struct ApiState {
    calls: mpsc::Sender<PendingCall>,
    pub(crate) identity: Arc<FunctionIdentity>,
}

impl ApiState {
    pub(crate) fn new(identity: FunctionIdentity) -> (Self, mpsc::Receiver<PendingCall>) {
        let (calls, pending_calls) = mpsc::channel(CALL_QUEUE_LENGTH);
        (Self { calls, identity: Arc::new(identity) }, pending_calls)
    }

    /// Sends a call to the loop and waits for its response. A `next` gets one when there is an
    /// event, which may be never.
    pub(crate) async fn call(&self, call: ApiCall) -> Result<CallResponse, ApiError> {
        let (response, received) = oneshot::channel();
        self.calls.send(PendingCall { call, response }).await.map_err(|_| ApiError::internal())?;
        match received.await.map_err(|_| ApiError::internal())? {
            CallResponse::Refused(error) => Err(error),
            response => Ok(response),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "errorMessage": self.message, "errorType": self.error_type }))).into_response()
    }
}

/// Returns 202 with AWS's body.
pub(crate) fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

/// Reads a whole request body. A body beyond the limit of a response counts as empty.
pub(crate) async fn read_body(body: Body) -> Bytes {
    axum::body::to_bytes(body, RESPONSE_LIMIT).await.unwrap_or_default()
}

/// Returns a header's value, or an empty string.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
