//! A request that doctor sends under its own trace ID, and the finding about the response.

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_text::error_chain;

use super::finding::Finding;
use crate::http::{HttpClient, HttpError, HttpResponse};
use crate::trace_id::TraceId;

const COMPONENT: &str = "API";

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) id: TraceId,
    /// When it was sent, in milliseconds since 1970.
    pub(crate) since_ms: u64,
    response: Result<HttpResponse, HttpError>,
}

impl Probe {
    /// Sends a GET request for a path, with a trace header that makes X-Ray keep the trace.
    pub(crate) async fn send(http: &HttpClient, api: &str, path: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let random = uuid::Uuid::new_v4().as_u128();
        let id = TraceId::new(now.as_secs(), random);
        let url = format!("{api}{path}");
        // The header names no parent: API Gateway's segment would become the child of a segment
        // that does not exist.
        let header = format!("Root={};Sampled=1", id.xray());
        let response = http.send(http.get(&url).header("x-amzn-trace-id", header), &url).await;
        Self { id, since_ms: u64::try_from(now.as_millis()).unwrap_or_default(), response }
    }

    /// Whether the API responded, so that there can be telemetry to look for.
    pub(crate) fn got_response(&self) -> bool {
        self.response.is_ok()
    }

    /// Evaluates the response.
    pub(crate) fn finding(&self, api: &str, path: &str) -> Finding {
        let response = match &self.response {
            Ok(response) => response,
            Err(error) => {
                let message = format!("GET {path}: {}", error_chain(error));
                return Finding::failed(
                    COMPONENT,
                    message,
                    "check the network, the address, and that the stack is deployed",
                );
            }
        };
        let root = response.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match response.status {
            200 if TraceId::find(root).as_ref() == Some(&self.id) => {
                Finding::ok(COMPONENT, format!("{api} responds; trace {}", self.id.xray()))
            }
            200 => Finding::failed(
                COMPONENT,
                "the response has another trace ID than the request, or none",
                "turn on tracing for the stage (TracingEnabled: true), and let no proxy drop X-Amzn-Trace-Id",
            ),
            status => {
                Finding::failed(COMPONENT, format!("GET {path} returned status {status}"), fix_for(status, &self.id))
            }
        }
    }
}

fn fix_for(status: u16, id: &TraceId) -> String {
    match status {
        403 | 404 => "use the address of the stage: the stack's output ApiUrl, which ends with the stage".to_owned(),
        429 => "the API throttles requests: wait, or raise ThrottlingRateLimit in template.yaml".to_owned(),
        _ => format!("run crudder trace {} to see where the request failed", id.xray()),
    }
}
