//! A request that doctor makes itself, under a trace id of its own choosing, and what the API answers.

use std::time::{SystemTime, UNIX_EPOCH};

use super::finding::Finding;
use crate::client::{Answer, Client, ClientError};
use crate::trace::TraceId;

const PLANE: &str = "API";

/// A request that was made.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) id: TraceId,
    /// Milliseconds since 1970.
    pub(crate) since_ms: u64,
    answer: Result<Answer, ClientError>,
}

impl Probe {
    /// Asks the API for a path; X-Ray is told to keep the trace.
    pub(crate) async fn make(client: &Client, api: &str, path: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let random = uuid::Uuid::new_v4().as_u128();
        let id = TraceId::new(now.as_secs(), random);
        let url = format!("{api}{path}");
        // Where a client names a parent, the stage's segment hangs under it; it is nobody's, as a page's own would be.
        let header = format!("Root={};Sampled=1", id.xray());
        let answer = client.send(client.get(&url).header("x-amzn-trace-id", header), &url).await;
        Self { id, since_ms: u64::try_from(now.as_millis()).unwrap_or_default(), answer }
    }

    /// Whether there can be anything to look for.
    pub(crate) fn was_answered(&self) -> bool {
        self.answer.is_ok()
    }

    /// What the answer says of the API.
    pub(crate) fn finding(&self, api: &str, path: &str) -> Finding {
        let answer = match &self.answer {
            Ok(answer) => answer,
            Err(error) => {
                let words = format!("GET {path}: {}", with_causes(error));
                return Finding::wrong(PLANE, words, "look at the network and at the address; is the stack deployed?");
            }
        };
        let root = answer.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match answer.status {
            200 if TraceId::find(root).as_ref() == Some(&self.id) => {
                Finding::ok(PLANE, format!("{api} answers, under trace {}", self.id.xray()))
            }
            200 => Finding::wrong(
                PLANE,
                "the answer bears another trace id than the request did, or none",
                "switch tracing on for the stage (TracingEnabled: true), and let no proxy drop X-Amzn-Trace-Id",
            ),
            status => Finding::wrong(PLANE, format!("GET {path} answered {status}"), mend_of(status, &self.id)),
        }
    }
}

fn mend_of(status: u16, id: &TraceId) -> String {
    match status {
        403 | 404 => "the address must be that of the stage: the stack's output ApiUrl, its stage included".to_owned(),
        429 => "the API limits us: wait, or raise ThrottlingRateLimit in template.yaml".to_owned(),
        _ => format!("crudder trace {} shows where it broke", id.xray()),
    }
}

/// An error with its causes, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
