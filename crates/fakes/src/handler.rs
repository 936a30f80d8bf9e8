//! The interface between the HTTP server of a fake and the vendor that it imitates.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::sync::watch;

use crate::{CallLog, Delivery, Fault};

/// Handles the calls of one vendor. Only this crate implements it: its module is private.
pub trait Handler: std::fmt::Debug + Send + Sync + 'static {
    /// The data that the fake keeps. See [`FakeServer::with_store`](crate::FakeServer::with_store).
    type Store: std::fmt::Debug + Send + Sync + 'static;
    /// The vendor's name in error messages.
    const VENDOR: &'static str;
    /// How many bytes of a body the server keeps. It discards the rest and sets
    /// [`Call::is_truncated`].
    const MAX_BODY_BYTES: usize;

    /// Returns whether the call delivers data that the fake stores.
    fn is_delivery(&self, call: &Call) -> bool;
    /// Returns whether the vendor can answer with this fault. Connection faults are always
    /// possible.
    fn supports(fault: &Fault) -> bool;
    /// Returns whether the fake stores the delivery, at least in part, in spite of the fault.
    fn accepts_despite(fault: &Fault) -> bool {
        fault.accepts_delivery()
    }
    /// Returns whether the delivery contains the marker of [`Fault::Poisoned`].
    fn contains_poison(&self, call: &Call, key: &str, value: &str) -> bool;
    /// Returns the vendor's response for a fault that is a status code.
    fn fault_response(&self, fault: &Fault, call: &Call, now: SystemTime) -> Response;
    /// Reads the call, stores its delivery and returns the response.
    ///
    /// `fault` changes what is stored (partial success, poisoned document), or is a connection
    /// fault that a handler can ignore.
    fn handle(
        &self,
        call: &Call,
        fault: Option<&Fault>,
        now: SystemTime,
        store: &watch::Sender<Self::Store>,
    ) -> Handled;
    /// Returns the call log of the store.
    fn call_log(store: &mut Self::Store) -> &mut CallLog;
}

/// A call as it arrived.
#[derive(Debug)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_truncated: bool,
}

impl Call {
    /// Returns the value of a header if it is present and printable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn is(&self, method: Method, path: &str) -> bool {
        self.method == method && self.uri.path() == path
    }
}

/// An HTTP response whose body is complete in memory.
#[derive(Debug)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Response {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self { status, headers, body: body.into() }
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }
}

/// A response, and the delivery that was stored for it.
#[derive(Debug)]
pub struct Handled {
    pub(crate) response: Response,
    pub(crate) delivery: Option<Arc<Delivery>>,
}

impl From<Response> for Handled {
    fn from(response: Response) -> Self {
        Self { response, delivery: None }
    }
}
