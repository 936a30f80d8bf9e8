//! X-Ray: the documents of dead invocations, which their function could not send itself.

mod daemon;
mod documents;

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::context::{Context, Observation};
use super::defaults::SERVICE_NAME;
use super::exporter::{Access, Credentials, Exporter, ResultFuture, exchange};
use super::http::HttpResponse;
use super::item::Item;
use super::payload::Payload;
use super::result::ExportResult;
use crudder_settings::ConfigError;

use crate::aws::{Call, signed_request};
use crate::environment::Environment;
use crate::settings;

/// `PutTraceSegments` takes this many documents in one call.
const MAX_DOCUMENTS: usize = 50;

/// The exporter of segment documents to X-Ray.
///
/// A payload is the datagrams for the X-Ray daemon, joined by newlines. Each of them is two lines:
/// the daemon's header and a document.
#[derive(Debug)]
pub(super) struct XRay {
    /// The service's name: the same as in Honeycomb.
    service: String,
}

impl XRay {
    pub(super) fn from_environment(environment: &Environment<'_>) -> Result<Self, ConfigError> {
        let service = environment.given(&settings::HONEYCOMB_SERVICE_NAME)?;
        let default_service = environment.given(&settings::OTEL_SERVICE_NAME)?;
        Ok(Self { service: service.or(default_service).unwrap_or_else(|| SERVICE_NAME.to_owned()) })
    }

    /// Sends the payload to the daemon, or, if no daemon listens, its documents to the API.
    async fn send_to_daemon_or_api(&self, payload: &Payload, access: Access<'_>) -> ExportResult {
        let datagrams = datagrams(&payload.body);
        if let Some(address) = payload.daemon
            && daemon::send(address, &datagrams).await.is_ok()
        {
            return ExportResult::ACCEPTED;
        }
        let mut rejected = 0;
        for chunk in datagrams.chunks(MAX_DOCUMENTS) {
            let chunk = Payload::new(chunk.join(&b'\n').into());
            match exchange(self, &chunk, access).await {
                ExportResult::Accepted { rejected: more, .. } => rejected += more,
                other => return other,
            }
        }
        ExportResult::Accepted { rejected, message: String::new() }
    }
}

impl Exporter for XRay {
    fn name(&self) -> &'static str {
        "xray"
    }

    fn key_variable(&self) -> &'static str {
        "AWS_ACCESS_KEY_ID"
    }

    /// The daemon needs no credentials; the API takes those of the role.
    fn credentials(&self) -> Credentials {
        Credentials::Aws
    }

    /// The documents of one dead invocation at a time.
    fn max_items(&self) -> usize {
        1
    }

    fn items(&self, observation: &Observation<'_>, context: &Context<'_>) -> Vec<Item> {
        match observation {
            Observation::Died { invocation, death } => {
                documents::of_death(&self.service, invocation, death, context).into_iter().collect()
            }
            Observation::Reported { .. }
            | Observation::SpanEnded { .. }
            | Observation::Finished { .. }
            | Observation::DiedInInit(_) => Vec::new(),
        }
    }

    /// Builds a call of `PutTraceSegments`.
    fn request(&self, payload: &Payload, access: Access<'_>) -> reqwest::RequestBuilder {
        let documents: Vec<_> = datagrams(&payload.body).into_iter().map(document).collect();
        let endpoint = || format!("https://xray.{}.amazonaws.com", access.aws.region);
        let call = Call {
            service: "xray",
            endpoint: access.aws.xray_endpoint.clone().unwrap_or_else(endpoint),
            path: "/TraceSegments",
            headers: &[("content-type", "application/json")],
            body: Bytes::from(json!({ "TraceSegmentDocuments": documents }).to_string()),
        };
        signed_request(access.client, access.aws, call, SystemTime::now())
    }

    fn classify(&self, response: &HttpResponse, _now: SystemTime) -> ExportResult {
        let status = response.status;
        match status {
            200 => ExportResult::Accepted { rejected: unprocessed(&response.body), message: String::new() },
            429 | 502 | 503 | 504 => ExportResult::Throttled { retry_after: None },
            500 => ExportResult::ServerError,
            401 | 403 => ExportResult::Unauthorized { status },
            _ => ExportResult::Rejected { status, may_be_one_item: true },
        }
    }

    fn send<'a>(&'a self, payload: &'a Payload, access: Access<'a>) -> ResultFuture<'a> {
        Box::pin(self.send_to_daemon_or_api(payload, access))
    }
}

/// Splits a payload into datagrams of two lines.
fn datagrams(body: &[u8]) -> Vec<&[u8]> {
    let mut newlines = body.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let mut datagrams = Vec::new();
    let mut start = 0;
    // The first newline ends a header, the second one a document.
    while let Some(end) = newlines.nth(1) {
        datagrams.push(&body[start..end]);
        start = end + 1;
    }
    datagrams.push(&body[start..]);
    datagrams
}

/// Returns the document behind the daemon's header.
fn document(datagram: &[u8]) -> Cow<'_, str> {
    let start = datagram.iter().position(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    String::from_utf8_lossy(&datagram[start..])
}

/// Counts the documents that a response with status 200 names as unprocessed: it may be all of
/// them.
fn unprocessed(body: &[u8]) -> u64 {
    let response = serde_json::from_slice::<Json>(body).unwrap_or_default();
    response.get("UnprocessedTraceSegments").and_then(Json::as_array).map_or(0, |all| all.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_splits_into_the_datagrams_that_it_was_joined_from() {
        let parts: [&[u8]; 2] = [b"header\none", b"header\ntwo"];
        assert_eq!(datagrams(&parts.join(&b'\n')), parts);
        assert_eq!(datagrams(parts[0]), [parts[0]]);
        assert_eq!(document(parts[1]), "two");
    }
}
