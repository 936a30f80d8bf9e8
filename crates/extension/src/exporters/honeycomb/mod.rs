//! Honeycomb: spans by OTLP over HTTP.

mod request_body;
mod spans;

use std::time::SystemTime;

use crudder_otlp::read::partial_success;
use crudder_settings::ConfigError;

use super::context::{Context, Observation};
use super::defaults::SERVICE_NAME;
use super::exporter::{Access, Batch, Credentials, Exporter};
use super::http::HttpResponse;
use super::item::Item;
use super::payload::Payload;
use super::result::{ExportResult, retry_after};
use crate::aws::KeySource;
use crate::environment::Environment;
use crate::settings;

/// More small spans than this are not worth a larger request.
const MAX_ITEMS: usize = 512;

/// The exporter of spans to Honeycomb.
#[derive(Debug)]
pub(super) struct Honeycomb {
    /// `HONEYCOMB_API_KEY`.
    key: Option<KeySource>,
    /// `HONEYCOMB_API_ENDPOINT`, without a path.
    endpoint: String,
    /// `HONEYCOMB_SERVICE_NAME`: replaces the function's own `service.name` if it is set.
    service: Option<String>,
    /// `OTEL_SERVICE_NAME`: names the service of a function that does not name it.
    default_service: String,
    /// `HONEYCOMB_DATASET`: sent with classic keys only.
    dataset: Option<String>,
}

impl Honeycomb {
    pub(super) fn from_environment(environment: &Environment<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            key: KeySource::read(environment, &settings::HONEYCOMB_API_KEY)?,
            endpoint: environment.text(&settings::HONEYCOMB_API_ENDPOINT)?,
            service: environment.given(&settings::HONEYCOMB_SERVICE_NAME)?,
            default_service: environment
                .given(&settings::OTEL_SERVICE_NAME)?
                .unwrap_or_else(|| SERVICE_NAME.to_owned()),
            dataset: environment.given(&settings::HONEYCOMB_DATASET)?,
        })
    }
}

impl Exporter for Honeycomb {
    fn name(&self) -> &'static str {
        "honeycomb"
    }

    fn key_variable(&self) -> &'static str {
        "HONEYCOMB_API_KEY"
    }

    fn credentials(&self) -> Credentials {
        Credentials::ApiKey(self.key.clone())
    }

    fn max_items(&self) -> usize {
        MAX_ITEMS
    }

    fn reports_losses(&self) -> bool {
        true
    }

    fn items(&self, observation: &Observation<'_>, context: &Context<'_>) -> Vec<Item> {
        match *observation {
            Observation::SpanEnded { writer, position, record_bytes } => {
                let item = spans::recorded(writer, position, record_bytes, Vec::new(), context.now);
                vec![Item { has_error: false, ..item }]
            }
            Observation::Finished { writer, invocation, sample_rate: Some(rate) } => {
                spans::of_invocation(writer, invocation, rate, context)
            }
            Observation::DiedInInit(init_death) => vec![spans::init_span(init_death, context)],
            Observation::Finished { sample_rate: None, .. }
            | Observation::Reported { .. }
            | Observation::Died { .. } => Vec::new(),
        }
    }

    fn encode(&self, batch: &Batch<'_>) -> Payload {
        Payload::new(request_body::encode(batch, self.service.as_deref(), &self.default_service))
    }

    /// A packed body is sent as it is.
    fn restore(&self, packed: Vec<u8>) -> Option<Payload> {
        Some(Payload { body: packed.into(), is_packed: true, daemon: None })
    }

    fn request(&self, payload: &Payload, access: Access<'_>) -> reqwest::RequestBuilder {
        let mut request = access
            .client
            .post(format!("{}/v1/traces", self.endpoint.trim_end_matches('/')))
            .header("x-honeycomb-team", access.api_key)
            .header("content-type", "application/x-protobuf")
            .body(payload.body.clone());
        if payload.is_packed {
            request = request.header("content-encoding", "gzip");
        }
        if let Some(dataset) = self.dataset.as_deref().filter(|_| is_classic(access.api_key)) {
            request = request.header("x-honeycomb-dataset", dataset);
        }
        request
    }

    /// Follows the OTLP specification, "Retryable Response Codes", and Honeycomb's own 401 and 403.
    fn classify(&self, response: &HttpResponse, now: SystemTime) -> ExportResult {
        let status = response.status;
        let throttled = || {
            let retry_after = response.header("retry-after").and_then(|value| retry_after(value, now));
            ExportResult::Throttled { retry_after }
        };
        match status {
            200..=299 => {
                let partial = partial_success(&response.body);
                ExportResult::Accepted { rejected: partial.rejected_spans, message: partial.error_message.to_owned() }
            }
            403 if mentions_throttling(&response.body) => throttled(),
            401 | 403 => ExportResult::Unauthorized { status },
            429 | 502 | 503 | 504 => throttled(),
            500 => ExportResult::ServerError,
            _ => ExportResult::Rejected { status, may_be_one_item: matches!(status, 400 | 413) },
        }
    }
}

/// Returns whether a 403 is about the account's limits, which means the same as a 429.
fn mentions_throttling(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    text.contains("throttl") || text.contains("rate limit")
}

/// Returns whether a key belongs to a classic environment: 32 hexadecimal digits, or `hc?ic_` and
/// 58 more characters.
fn is_classic(key: &str) -> bool {
    (key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        || (key.len() == 64 && key.starts_with("hc") && key.get(3..6) == Some("ic_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_status_is_classified_as_the_reference_says() {
        let now = SystemTime::UNIX_EPOCH;
        let honeycomb = Honeycomb::from_environment(&Environment::new(&|_| None)).unwrap();
        let classify = |status, body: &str| {
            let headers = [(http::header::RETRY_AFTER, "3".parse().unwrap())].into_iter().collect();
            honeycomb.classify(&HttpResponse { status, headers, body: body.to_owned().into() }, now)
        };
        let throttled = ExportResult::Throttled { retry_after: Some(Duration::from_secs(3)) };
        for status in [429, 502, 503, 504] {
            assert_eq!(classify(status, ""), throttled, "{status}");
        }
        assert_eq!(classify(403, "Event dropped due to administrative throttling"), throttled);
        assert_eq!(classify(403, "the API key lacks the permission"), ExportResult::Unauthorized { status: 403 });
        assert_eq!(classify(401, "unknown API key"), ExportResult::Unauthorized { status: 401 });
        assert_eq!(classify(400, ""), ExportResult::Rejected { status: 400, may_be_one_item: true });
        assert_eq!(classify(404, ""), ExportResult::Rejected { status: 404, may_be_one_item: false });
        assert_eq!(classify(500, ""), ExportResult::ServerError);
        assert_eq!(classify(200, ""), ExportResult::Accepted { rejected: 0, message: String::new() });
        let partial = "\x0a\x06\x08\x02\x12\x02no";
        assert_eq!(classify(200, partial), ExportResult::Accepted { rejected: 2, message: "no".into() });
    }

    #[test]
    fn only_classic_keys_are_classic() {
        assert!(is_classic("0123456789abcdef0123456789abcdef"));
        assert!(is_classic(&format!("hcaic_{}", "a".repeat(58))));
        assert!(!is_classic(&format!("hcaik_{}", "a".repeat(58))));
        assert!(!is_classic("1234567890123456789012"));
    }
}
