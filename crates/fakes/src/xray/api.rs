//! The fake of the X-Ray API: `PutTraceSegments`.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::check::SegmentError;
use super::config::XrayConfig;
use super::store::XrayStore;
use crate::handler::{Call, Handled, Handler, Response};
use crate::{AwsCredentials, CallLog, Delivery, FakeServer, Fault, signature};

/// The most documents of a call (opentelemetry-collector-contrib, pull request 203).
const MAX_DOCUMENTS: usize = 50;

/// A running fake of the X-Ray API.
pub type XrayApi = FakeServer<XrayApiHandler>;

impl XrayApi {
    /// Starts a fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns the error of the operating system if no port can be opened.
    pub async fn start(config: XrayConfig) -> io::Result<Self> {
        let handler = XrayApiHandler { credentials: config.credentials };
        Self::launch(handler, XrayStore::new(config.bytes_kept), config.clock)
    }
}

/// Handles the calls to the X-Ray API.
#[derive(Debug)]
pub struct XrayApiHandler {
    credentials: Option<AwsCredentials>,
}

impl Handler for XrayApiHandler {
    type Store = XrayStore;
    const VENDOR: &'static str = "the X-Ray API";
    /// 50 documents of 64 kB take 3.2 MB, and more with JSON's escapes.
    const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

    fn is_delivery(&self, call: &Call) -> bool {
        call.is(Method::POST, "/TraceSegments")
    }

    fn supports(fault: &Fault) -> bool {
        *fault != Fault::ForbiddenThrottling
    }

    /// X-Ray returns a poisoned document as unprocessed and stores the others.
    fn accepts_despite(fault: &Fault) -> bool {
        fault.accepts_delivery() || matches!(fault, Fault::Poisoned { .. })
    }

    fn contains_poison(&self, call: &Call, _: &str, value: &str) -> bool {
        String::from_utf8_lossy(&call.body).contains(value)
    }

    fn fault_response(&self, fault: &Fault, _: &Call, _: SystemTime) -> Response {
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

    fn handle(&self, call: &Call, fault: Option<&Fault>, now: SystemTime, store: &watch::Sender<XrayStore>) -> Handled {
        let documents = match self.read(call, now) {
            Ok(documents) => documents,
            Err((status, kind, message)) => {
                let reason = format!("{kind}: {message}");
                store.send_modify(|store| store.call_log_mut().record_rejection(status.as_u16(), reason, None));
                return error(status, kind, &message).into();
            }
        };
        let mut added = None;
        store.send_modify(|store| added = Some(add_documents(store, &documents, fault, now)));
        let (unprocessed, delivery) = added.unzip();
        let body = json!({ "UnprocessedTraceSegments": unprocessed.unwrap_or_default() });
        Handled { response: Response::json(StatusCode::OK, &body), delivery }
    }

    fn call_log(store: &mut XrayStore) -> &mut CallLog {
        store.call_log_mut()
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    Response::json(status, &json!({ "message": message })).with_header("x-amzn-errortype", kind)
}

/// The status, AWS error type and message of a rejected call.
type Rejected = (StatusCode, &'static str, String);

impl XrayApiHandler {
    fn read(&self, call: &Call, now: SystemTime) -> Result<Vec<String>, Rejected> {
        if !call.is(Method::POST, "/TraceSegments") {
            return Err((StatusCode::NOT_FOUND, "UnknownOperationException", call.uri.path().to_owned()));
        }
        signature::check(call, "xray", self.credentials.as_ref(), now)
            .map_err(|error| (StatusCode::FORBIDDEN, error.kind, error.message.to_owned()))?;
        if call.is_truncated {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", "too large".to_owned()));
        }
        read_documents(&call.body)
    }
}

fn read_documents(body: &[u8]) -> Result<Vec<String>, Rejected> {
    let invalid = |message: &str| (StatusCode::BAD_REQUEST, "InvalidRequestException", message.to_owned());
    let body: Value = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
    let values = body["TraceSegmentDocuments"].as_array();
    let documents: Option<Vec<_>> =
        values.and_then(|values| values.iter().map(|document| document.as_str().map(str::to_owned)).collect());
    match documents {
        None => Err(invalid("TraceSegmentDocuments is not a list of strings")),
        Some(documents) if documents.len() > MAX_DOCUMENTS => Err(invalid("Exceeding maximum segment count: 50")),
        Some(documents) => Ok(documents),
    }
}

/// Stores the valid documents and returns the entries of `UnprocessedTraceSegments` for the others.
fn add_documents(
    store: &mut XrayStore,
    documents: &[String],
    fault: Option<&Fault>,
    now: SystemTime,
) -> (Vec<Value>, Arc<Delivery>) {
    let delivery = store.call_log_mut().open_delivery();
    let mut unprocessed = Vec::new();
    for (index, raw) in documents.iter().enumerate() {
        let added = injected_error(fault, index, raw).map_or_else(|| store.add_document(raw, now, &delivery), Err);
        if let Err(error) = added {
            store.call_log_mut().record_rejection(200, error.to_string(), None);
            unprocessed.push(error.unprocessed_entry(raw));
        }
    }
    (unprocessed, delivery)
}

/// Returns the error that an injected fault causes for this document.
fn injected_error(fault: Option<&Fault>, index: usize, raw: &str) -> Option<SegmentError> {
    match fault {
        Some(Fault::PartialSuccess { rejected, message }) if index < *rejected as usize => {
            Some(SegmentError::injected(message))
        }
        Some(Fault::Poisoned { value, .. }) if raw.contains(value) => Some(SegmentError::injected("invalid segment")),
        _ => None,
    }
}
