//! The listener of one environment: Runtime, Extensions and Telemetry API on one address, as `AWS_LAMBDA_RUNTIME_API` names it.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::faults::SharedFaults;
use crate::life::{Call, Refusal};
use crate::outcome::RESPONSE_LIMIT;
use crate::{extensions_api, runtime_api, telemetry_api};

/// How many calls may wait for the environment's loop: runtime and ten extensions make one at a time, with some room for
/// what connects anew.
const CALLS: usize = 32;

/// A call on its way to the environment's loop, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) call: Call,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// What the loop answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Accepted,
    Registered,
    Refused(Refusal),
    /// An invocation for the runtime.
    Invocation {
        headers: HeaderMap,
        payload: Bytes,
    },
    /// An event for an extension.
    Event(serde_json::Value),
}

/// What the handlers know of their environment.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) function: String,
    pub(crate) account_id: String,
    pub(crate) faults: SharedFaults,
}

/// What every handler holds.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    calls: mpsc::Sender<Asked>,
    pub(crate) identity: Arc<Identity>,
}

impl Door {
    pub(crate) fn new(identity: Identity) -> (Self, mpsc::Receiver<Asked>) {
        let (calls, asked) = mpsc::channel(CALLS);
        (Self { calls, identity: Arc::new(identity) }, asked)
    }

    /// Asks the loop; a `next` is answered when there is something to do, which may be never.
    pub(crate) async fn ask(&self, call: Call) -> Result<Answer, Refusal> {
        let (answer, answered) = oneshot::channel();
        let gone = || Refusal::new(500, "InternalServerError", "Internal Server Error");
        self.calls.send(Asked { call, answer }).await.map_err(|_| gone())?;
        match answered.await.map_err(|_| gone())? {
            Answer::Refused(refusal) => Err(refusal),
            answer => Ok(answer),
        }
    }
}

/// The routes of one environment.
pub(crate) fn router(door: Door) -> Router {
    Router::new()
        .merge(runtime_api::routes())
        .merge(extensions_api::routes())
        .merge(telemetry_api::routes())
        .with_state(door)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "errorMessage": self.message, "errorType": self.error_type }))).into_response()
    }
}

pub(crate) fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

/// The whole of a request's body; nothing of one that is longer than an answer may be.
pub(crate) async fn read_body(body: Body) -> Bytes {
    axum::body::to_bytes(body, RESPONSE_LIMIT).await.unwrap_or_default()
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
