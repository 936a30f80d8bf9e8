//! Handles calls to Honeycomb: checks the key, reads the batch, stores it and answers.

use std::time::SystemTime;

use http::{Method, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use super::body::{self, Encoding};
use super::key::{HoneycombKey, KeyKind, Region};
use super::response::{self, UNKNOWN_KEY};
use super::span_decoder::contains_attribute;
use super::store::HoneycombStore;
use crate::handler::{Call, Handled, Handler, Response};
use crate::{CallLog, Fault, RedactedKey};

/// Handles the calls to Honeycomb.
#[derive(Debug)]
pub struct HoneycombHandler {
    keys: Vec<HoneycombKey>,
    region: Region,
}

impl Handler for HoneycombHandler {
    type Store = HoneycombStore;
    const VENDOR: &'static str = "Honeycomb";
    /// 20 MiB as received. Honeycomb cuts a longer body there, which then fails to parse (husky).
    const MAX_BODY_BYTES: usize = 20 * 1024 * 1024;

    fn is_delivery(&self, call: &Call) -> bool {
        call.is(Method::POST, "/v1/traces")
    }

    fn supports(_: &Fault) -> bool {
        true
    }

    fn contains_poison(&self, call: &Call, key: &str, value: &str) -> bool {
        body::read(call).is_ok_and(|(_, request)| contains_attribute(&request, key, value))
    }

    fn fault_response(&self, fault: &Fault, call: &Call, now: SystemTime) -> Response {
        response::injected(fault, Encoding::of(call), now)
    }

    fn handle(
        &self,
        call: &Call,
        fault: Option<&Fault>,
        now: SystemTime,
        store: &watch::Sender<HoneycombStore>,
    ) -> Handled {
        match (&call.method, call.uri.path()) {
            (&Method::POST, "/v1/traces") => self.accept_batch(call, fault, now, store),
            (&Method::GET, "/1/auth") => self.describe_key(call, store).into(),
            (_, "/v1/traces" | "/1/auth") => unsupported_call(call, StatusCode::METHOD_NOT_ALLOWED, store),
            _ => unsupported_call(call, StatusCode::NOT_FOUND, store),
        }
    }

    fn call_log(store: &mut HoneycombStore) -> &mut CallLog {
        store.call_log_mut()
    }
}

impl HoneycombHandler {
    pub(super) fn new(keys: Vec<HoneycombKey>, region: Region) -> Self {
        Self { keys, region }
    }

    fn accept_batch(
        &self,
        call: &Call,
        fault: Option<&Fault>,
        now: SystemTime,
        store: &watch::Sender<HoneycombStore>,
    ) -> Handled {
        let read = self.authorize(call).and_then(|()| body::read(call));
        let (encoding, request) = match read {
            Ok(read) => read,
            Err((status, message)) => {
                record_rejection(store, call, status, message);
                return response::rejected(call, status, message).into();
            }
        };
        let (rejected, message) = match fault {
            Some(Fault::PartialSuccess { rejected, message }) => (*rejected, message.as_str()),
            _ => (0, ""),
        };
        let mut delivery = None;
        store.send_modify(|store| delivery = Some(store.add_batch(call, request, rejected, now)));
        Handled { response: response::accepted(encoding, rejected, message), delivery }
    }

    /// Checks that the key may send events, and that a classic key comes with a dataset.
    fn authorize(&self, call: &Call) -> Result<(), (StatusCode, &'static str)> {
        let sent = call.header("x-honeycomb-team").filter(|key| !key.is_empty());
        let sent = sent.ok_or((StatusCode::UNAUTHORIZED, "missing 'x-honeycomb-team' header"))?;
        let dataset = call.header("x-honeycomb-dataset").filter(|name| !name.trim().is_empty());
        if KeyKind::of(sent).is_some_and(KeyKind::is_classic) && dataset.is_none() {
            return Err((StatusCode::UNAUTHORIZED, "missing 'x-honeycomb-dataset' header"));
        }
        let key = self.find_key(sent).ok_or((StatusCode::UNAUTHORIZED, UNKNOWN_KEY))?;
        if key.disabled {
            return Err((StatusCode::UNAUTHORIZED, "attempted to use disabled API key"));
        }
        if !key.may_send {
            return Err((StatusCode::FORBIDDEN, "the API key lacks the permission to send events"));
        }
        Ok(())
    }

    fn find_key(&self, sent: &str) -> Option<&HoneycombKey> {
        self.keys.iter().find(|key| key.text.matches(sent) && key.region == self.region)
    }

    /// Answers `/1/auth`.
    fn describe_key(&self, call: &Call, store: &watch::Sender<HoneycombStore>) -> Response {
        match call.header("x-honeycomb-team").and_then(|sent| self.find_key(sent)) {
            Some(key) if !key.disabled => Response::json(StatusCode::OK, &key.auth_response()),
            _ => {
                record_rejection(store, call, StatusCode::UNAUTHORIZED, UNKNOWN_KEY);
                Response::json(StatusCode::UNAUTHORIZED, &json!({ "error": UNKNOWN_KEY }))
            }
        }
    }
}

fn unsupported_call(call: &Call, status: StatusCode, store: &watch::Sender<HoneycombStore>) -> Handled {
    record_rejection(store, call, status, &format!("{} {}", call.method, call.uri.path()));
    let message = "this fake supports POST /v1/traces and GET /1/auth";
    response::status(Encoding::of(call), status, message).into()
}

fn record_rejection(store: &watch::Sender<HoneycombStore>, call: &Call, status: StatusCode, reason: &str) {
    let key = call.header("x-honeycomb-team").map(RedactedKey::of);
    store.send_modify(|store| store.call_log_mut().record_rejection(status.as_u16(), reason, key));
}
