//! X-Ray's API, as far as the layer needs it: `PutTraceSegments`.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::XrayStore;
use super::check::Refusal;
use crate::handler::{Answer, Call, Handler, Served};
use crate::{AwsCredentials, CallLog, Delivery, FakeServer, Fault, XrayConfig, signature};

/// A call has at most so many documents.
const DOCUMENTS: usize = 50;

/// A running fake of X-Ray's API.
pub type XrayApi = FakeServer<XrayApiHandler>;

impl XrayApi {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when no port is to be had.
    pub async fn start(config: XrayConfig) -> io::Result<Self> {
        let handler = XrayApiHandler { credentials: config.credentials };
        Self::begin(handler, XrayStore::new(config.bytes_kept), config.clock)
    }
}

/// X-Ray's side of the counter.
#[derive(Debug)]
pub struct XrayApiHandler {
    credentials: Option<AwsCredentials>,
}

impl Handler for XrayApiHandler {
    type Store = XrayStore;
    const VENDOR: &'static str = "X-Ray's API";
    /// Fifty documents of 64 kB, escaped, and some air.
    const LARGEST_BODY: usize = 8 * 1024 * 1024;

    fn is_delivery(&self, call: &Call) -> bool {
        call.is(Method::POST, "/TraceSegments")
    }

    fn fits(fault: &Fault) -> bool {
        *fault != Fault::ForbiddenThrottling
    }

    /// A poisoned document comes back unprocessed, and spoils no other.
    fn takes(fault: &Fault) -> bool {
        fault.takes() || matches!(fault, Fault::Poisoned { .. })
    }

    fn bears_mark(&self, call: &Call, _: &str, value: &str) -> bool {
        String::from_utf8_lossy(&call.body).contains(value)
    }

    fn refuse(&self, fault: &Fault, _: &Call, _: SystemTime) -> Answer {
        match fault {
            Fault::Throttled(_) => error(StatusCode::TOO_MANY_REQUESTS, "ThrottledException", "Rate exceeded"),
            Fault::Unauthorized => {
                error(StatusCode::FORBIDDEN, "UnrecognizedClientException", "The security token is invalid")
            }
            Fault::ForbiddenKey => error(
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                "not authorized to perform: xray:PutTraceSegments",
            ),
            Fault::TooLarge => error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", "too large"),
            Fault::BadGateway => error(StatusCode::BAD_GATEWAY, "BadGateway", "bad gateway"),
            Fault::Unavailable(_) => {
                error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "service unavailable")
            }
            Fault::GatewayTimeout => error(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout", "gateway timeout"),
            _ => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "internal failure"),
        }
    }

    fn serve(&self, call: &Call, fault: Option<&Fault>, now: SystemTime, store: &watch::Sender<XrayStore>) -> Served {
        let documents = match self.read(call, now) {
            Ok(documents) => documents,
            Err((status, kind, message)) => {
                store.send_modify(|store| {
                    store.ledger_mut().reject(status.as_u16(), format!("{kind}: {message}"), None)
                });
                return error(status, kind, &message).into();
            }
        };
        let mut taken = None;
        store.send_modify(|store| taken = Some(take(store, &documents, fault, now)));
        let (unprocessed, delivery) = taken.unzip();
        let answer =
            Answer::json(StatusCode::OK, &json!({ "UnprocessedTraceSegments": unprocessed.unwrap_or_default() }));
        Served { answer, delivery }
    }

    fn call_log(store: &mut XrayStore) -> &mut CallLog {
        store.ledger_mut()
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message })).with("x-amzn-errortype", kind)
}

/// A refusal: status, AWS's name for it, and a message.
type Refused = (StatusCode, &'static str, String);

impl XrayApiHandler {
    fn read(&self, call: &Call, now: SystemTime) -> Result<Vec<String>, Refused> {
        if !call.is(Method::POST, "/TraceSegments") {
            return Err((StatusCode::NOT_FOUND, "UnknownOperationException", call.uri.path().to_owned()));
        }
        signature::check(call, "xray", self.credentials.as_ref(), now)
            .map_err(|flaw| (StatusCode::FORBIDDEN, flaw.kind, flaw.message.to_owned()))?;
        if call.is_cut {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", "too large".to_owned()));
        }
        documents(&call.body)
    }
}

fn documents(body: &[u8]) -> Result<Vec<String>, Refused> {
    let invalid = |message: &str| (StatusCode::BAD_REQUEST, "InvalidRequestException", message.to_owned());
    let body: Value = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
    let listed = body["TraceSegmentDocuments"].as_array();
    let documents: Option<Vec<_>> =
        listed.and_then(|listed| listed.iter().map(|document| document.as_str().map(str::to_owned)).collect());
    match documents {
        None => Err(invalid("TraceSegmentDocuments is not a list of strings")),
        Some(documents) if documents.len() > DOCUMENTS => Err(invalid("Exceeding maximum segment count: 50")),
        Some(documents) => Ok(documents),
    }
}

/// Takes what can be taken and lists the rest.
fn take(
    store: &mut XrayStore,
    documents: &[String],
    fault: Option<&Fault>,
    now: SystemTime,
) -> (Vec<Value>, Arc<Delivery>) {
    let delivery = store.ledger_mut().open_delivery();
    let mut unprocessed = Vec::new();
    for (at, raw) in documents.iter().enumerate() {
        let taken = planned(fault, at, raw).map_or_else(|| store.take(raw, now, &delivery), Err);
        if let Err(refusal) = taken {
            store.ledger_mut().reject(200, refusal.to_string(), None);
            unprocessed.push(refusal.unprocessed(raw));
        }
    }
    (unprocessed, delivery)
}

/// Why the plan of faults leaves this document unprocessed, if it does.
fn planned(fault: Option<&Fault>, at: usize, raw: &str) -> Option<Refusal> {
    match fault {
        Some(Fault::PartialSuccess { rejected, message }) if at < *rejected as usize => Some(Refusal::planned(message)),
        Some(Fault::Poisoned { value, .. }) if raw.contains(value) => Some(Refusal::planned("invalid segment")),
        _ => None,
    }
}
