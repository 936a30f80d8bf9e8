//! Honeycomb's answers: OTLP's response where it takes a batch, `google.rpc.Status` where it does not, both in the request's encoding.

use std::time::SystemTime;

use http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use serde_json::json;

use super::body::Encoding;
use crate::handler::{Answer, Call};
use crate::{Fault, RetryAfter};

pub(super) const UNKNOWN_KEY: &str = "unknown API key - check your credentials, region, and API URL";

/// The one error in plain text (HUSKY).
pub(super) const UNSUPPORTED: &str =
    "unsupported content-type, valid types are: application/protobuf, application/x-protobuf, application/json";

/// The part of `google.rpc.Status` that is filled: code 1, message 2.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

pub(super) fn taken(encoding: Encoding, rejected: u32, message: &str) -> Answer {
    let is_partial = rejected > 0 || !message.is_empty();
    let partial = ExportTracePartialSuccess { rejected_spans: rejected.into(), error_message: message.into() };
    let body = match encoding {
        Encoding::Protobuf => {
            ExportTraceServiceResponse { partial_success: is_partial.then_some(partial) }.encode_to_vec()
        }
        Encoding::Json if is_partial => {
            let said = json!({ "rejectedSpans": rejected.to_string(), "errorMessage": message });
            json!({ "partialSuccess": said }).to_string().into_bytes()
        }
        Encoding::Json => b"{}".to_vec(),
    };
    Answer::new(StatusCode::OK, encoding.content_type(), body)
}

pub(super) fn refused(call: &Call, status: StatusCode, message: &'static str) -> Answer {
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return Answer::new(status, "text/plain", message);
    }
    refusal(Encoding::of(call), status, message)
}

pub(super) fn refusal(encoding: Encoding, status: StatusCode, message: &str) -> Answer {
    let code = grpc_code(status);
    let body = match encoding {
        Encoding::Protobuf => Status { code, message: message.into() }.encode_to_vec(),
        Encoding::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    };
    Answer::new(status, encoding.content_type(), body)
}

/// gRPC's code beside each HTTP status; clients are told not to act on it.
fn grpc_code(status: StatusCode) -> i32 {
    match status.as_u16() {
        400 | 413 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        405 => 12,
        429 => 8,
        502 | 503 => 14,
        504 => 4,
        _ => 13,
    }
}

/// The words of a planned fault.
pub(super) fn planned(fault: &Fault, encoding: Encoding, now: SystemTime) -> Answer {
    let (status, message) = match fault {
        Fault::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "Request dropped due to rate limiting"),
        Fault::Unauthorized => (StatusCode::UNAUTHORIZED, UNKNOWN_KEY),
        Fault::ForbiddenKey => (StatusCode::FORBIDDEN, "attempted to use disabled API key"),
        Fault::ForbiddenThrottling => (StatusCode::FORBIDDEN, "Event dropped due to administrative throttling"),
        Fault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "request body is too large"),
        Fault::Poisoned { .. } => (StatusCode::BAD_REQUEST, "failed to parse OTLP request body"),
        Fault::BadGateway => (StatusCode::BAD_GATEWAY, "bad gateway"),
        Fault::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "service unavailable"),
        Fault::GatewayTimeout => (StatusCode::GATEWAY_TIMEOUT, "gateway timeout"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal server error"),
    };
    let answer = refusal(encoding, status, message);
    match fault {
        Fault::Throttled(after) | Fault::Unavailable(after) => with_retry_after(answer, *after, now),
        _ => answer,
    }
}

/// The header in the form that the fault asks for.
pub(super) fn with_retry_after(answer: Answer, after: RetryAfter, now: SystemTime) -> Answer {
    match after {
        RetryAfter::Absent => answer,
        RetryAfter::Seconds(seconds) => answer.with("retry-after", seconds),
        RetryAfter::DateIn(wait) => answer.with("retry-after", httpdate::fmt_http_date(now + wait)),
    }
}
