//! The fake of Honeycomb: takes OTLP traces over HTTP, tells a key's team and environment.
//!
//! Source of the rules: Honeycomb's documents, and HUSKY, its open library that turns OTLP into events.

mod answer;
mod batch;
mod body;
mod check;
mod duplicates;
mod key;
mod rate;
mod span;
mod store;
mod summary;
mod traces;
mod values;

use std::io;
use std::time::SystemTime;

use answer::refusal;
use body::Encoding;
use http::{Method, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use crate::handler::{Answer, Call, Handler, Served};
use crate::{CallLog, FakeServer, Fault, HoneycombConfig, KeyMark};

pub use batch::Batch;
pub use duplicates::Duplicate;
pub use key::{HoneycombKey, KeyKind, Region};
pub use span::{Span, SpanEvent, SpanLink, SpanStatus};
pub use store::HoneycombStore;
pub use summary::TraceSummary;
pub use traces::Trace;

/// A running fake of Honeycomb.
pub type Honeycomb = FakeServer<HoneycombHandler>;

impl Honeycomb {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when no port is to be had.
    pub async fn start(config: HoneycombConfig) -> io::Result<Self> {
        let store = HoneycombStore::new(config.bytes_kept);
        Self::begin(HoneycombHandler { keys: config.keys, region: config.region }, store, config.clock)
    }
}

/// Honeycomb's side of the counter.
#[derive(Debug)]
pub struct HoneycombHandler {
    keys: Vec<HoneycombKey>,
    region: Region,
}

impl Handler for HoneycombHandler {
    type Store = HoneycombStore;
    const VENDOR: &'static str = "Honeycomb";
    /// 20 MiB as received; what is longer is cut there and then fails to parse (HUSKY).
    const LARGEST_BODY: usize = 20 * 1024 * 1024;

    fn is_delivery(&self, call: &Call) -> bool {
        call.is(Method::POST, "/v1/traces")
    }

    fn fits(_: &Fault) -> bool {
        true
    }

    fn bears_mark(&self, call: &Call, key: &str, value: &str) -> bool {
        body::read(call).is_ok_and(|(_, request)| span::bears(&request, key, value))
    }

    fn refuse(&self, fault: &Fault, call: &Call, now: SystemTime) -> Answer {
        answer::planned(fault, Encoding::of(call), now)
    }

    fn serve(
        &self,
        call: &Call,
        fault: Option<&Fault>,
        now: SystemTime,
        store: &watch::Sender<HoneycombStore>,
    ) -> Served {
        match (&call.method, call.uri.path()) {
            (&Method::POST, "/v1/traces") => self.take(call, fault, now, store),
            (&Method::GET, "/1/auth") => self.tell(call, store).into(),
            (_, "/v1/traces" | "/1/auth") => self.unknown(call, StatusCode::METHOD_NOT_ALLOWED, store),
            _ => self.unknown(call, StatusCode::NOT_FOUND, store),
        }
    }

    fn call_log(store: &mut HoneycombStore) -> &mut CallLog {
        store.ledger_mut()
    }
}

impl HoneycombHandler {
    fn take(
        &self,
        call: &Call,
        fault: Option<&Fault>,
        now: SystemTime,
        store: &watch::Sender<HoneycombStore>,
    ) -> Served {
        let read = self.admit(call).and_then(|()| body::read(call));
        let (encoding, request) = match read {
            Ok(read) => read,
            Err((status, message)) => {
                reject(store, call, status, message);
                return answer::refused(call, status, message).into();
            }
        };
        let (rejected, message) = match fault {
            Some(Fault::PartialSuccess { rejected, message }) => (*rejected, message.as_str()),
            _ => (0, ""),
        };
        let mut delivery = None;
        store.send_modify(|store| delivery = Some(store.take(call, request, rejected, now)));
        Served { answer: answer::taken(encoding, rejected, message), delivery }
    }

    /// Whether the key may send, and the header that a classic key needs is there.
    fn admit(&self, call: &Call) -> Result<(), (StatusCode, &'static str)> {
        let sent = call.header("x-honeycomb-team").filter(|key| !key.is_empty());
        let sent = sent.ok_or((StatusCode::UNAUTHORIZED, "missing 'x-honeycomb-team' header"))?;
        let dataset = call.header("x-honeycomb-dataset").filter(|name| !name.trim().is_empty());
        if KeyKind::of(sent).is_some_and(KeyKind::is_classic) && dataset.is_none() {
            return Err((StatusCode::UNAUTHORIZED, "missing 'x-honeycomb-dataset' header"));
        }
        let key = self.known(sent).ok_or((StatusCode::UNAUTHORIZED, answer::UNKNOWN_KEY))?;
        if key.disabled {
            return Err((StatusCode::UNAUTHORIZED, "attempted to use disabled API key"));
        }
        if !key.may_send {
            return Err((StatusCode::FORBIDDEN, "the API key lacks the permission to send events"));
        }
        Ok(())
    }

    fn known(&self, sent: &str) -> Option<&HoneycombKey> {
        self.keys.iter().find(|key| key.text.is(sent) && key.region == self.region)
    }

    fn tell(&self, call: &Call, store: &watch::Sender<HoneycombStore>) -> Answer {
        match call.header("x-honeycomb-team").and_then(|sent| self.known(sent)) {
            Some(key) if !key.disabled => Answer::json(StatusCode::OK, &key.told()),
            _ => {
                reject(store, call, StatusCode::UNAUTHORIZED, answer::UNKNOWN_KEY);
                Answer::json(StatusCode::UNAUTHORIZED, &json!({ "error": answer::UNKNOWN_KEY }))
            }
        }
    }

    fn unknown(&self, call: &Call, status: StatusCode, store: &watch::Sender<HoneycombStore>) -> Served {
        reject(store, call, status, &format!("{} {}", call.method, call.uri.path()));
        refusal(Encoding::of(call), status, "this fake takes POST /v1/traces and GET /1/auth").into()
    }
}

fn reject(store: &watch::Sender<HoneycombStore>, call: &Call, status: StatusCode, reason: &str) {
    let key = call.header("x-honeycomb-team").map(KeyMark::of);
    store.send_modify(|store| store.ledger_mut().reject(status.as_u16(), reason, key));
}
