//! What a fake of an HTTP vendor is made of: a handler that reads calls, keeps what it takes and words the answers.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::sync::watch;

use crate::{CallLog, Delivery, Fault};

/// A vendor's side of the counter. Sealed: it lives in a private module.
pub trait Handler: std::fmt::Debug + Send + Sync + 'static {
    /// What it keeps; readers see it through [`FakeServer::look`](crate::FakeServer::look).
    type Store: std::fmt::Debug + Send + Sync + 'static;
    /// For error texts.
    const VENDOR: &'static str;
    /// A body is read so far; what comes after it is thrown away and [`Call::is_cut`] says so.
    const LARGEST_BODY: usize;

    /// Whether the call brings something that is kept.
    fn is_delivery(&self, call: &Call) -> bool;
    /// Whether the vendor can misbehave so in words; faults of the wire always fit.
    fn fits(fault: &Fault) -> bool;
    /// Whether the batch is taken, in part at least, in spite of the fault.
    fn takes(fault: &Fault) -> bool {
        fault.takes()
    }
    /// Whether a fault that seeks a mark in the batch finds it.
    fn bears_mark(&self, call: &Call, key: &str, value: &str) -> bool;
    /// The vendor's words for a fault that is an answer.
    fn refuse(&self, fault: &Fault, call: &Call, now: SystemTime) -> Answer;
    /// Reads the call, keeps what it brings, answers. `fault` is one that twists the taking (partial success), or of the wire and of no interest here.
    fn serve(&self, call: &Call, fault: Option<&Fault>, now: SystemTime, store: &watch::Sender<Self::Store>) -> Served;
    /// The store's call_log.
    fn call_log(store: &mut Self::Store) -> &mut CallLog;
}

/// A call as it came in.
#[derive(Debug)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_cut: bool,
}

impl Call {
    /// A header's text, if it is there and printable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn is(&self, method: Method, path: &str) -> bool {
        self.method == method && self.uri.path() == path
    }
}

/// An answer in full.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self { status, headers, body: body.into() }
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }
}

/// An answer, and the batch that was taken for it.
#[derive(Debug)]
pub struct Served {
    pub(crate) answer: Answer,
    pub(crate) delivery: Option<Arc<Delivery>>,
}

impl From<Answer> for Served {
    fn from(answer: Answer) -> Self {
        Self { answer, delivery: None }
    }
}
