//! Honeycomb's responses in the encoding of the request.
//!
//! A batch that is accepted gets OTLP's response, a rejected one `google.rpc.Status` (husky).

use std::time::SystemTime;

use http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use serde_json::json;

use super::body::Encoding;
use crate::handler::{Call, Response};
use crate::{Fault, RetryAfter};

pub(super) const UNKNOWN_KEY: &str = "unknown API key - check your credentials, region, and API URL";

/// The two fields of `google.rpc.Status` that Honeycomb fills.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Returns the 200 for an accepted batch, of which `rejected` spans were rejected.
pub(super) fn accepted(encoding: Encoding, rejected: u32, message: &str) -> Response {
    let is_partial = rejected > 0 || !message.is_empty();
    let partial = ExportTracePartialSuccess { rejected_spans: rejected.into(), error_message: message.into() };
    let body = match encoding {
        Encoding::Protobuf => {
            ExportTraceServiceResponse { partial_success: is_partial.then_some(partial) }.encode_to_vec()
        }
        Encoding::Json if is_partial => {
            let partial = json!({ "rejectedSpans": rejected.to_string(), "errorMessage": message });
            json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
        Encoding::Json => b"{}".to_vec(),
    };
    Response::new(StatusCode::OK, encoding.content_type(), body)
}

/// Returns the error for a rejected batch. Only 415 is plain text (husky).
pub(super) fn rejected(call: &Call, status_code: StatusCode, message: &'static str) -> Response {
    if status_code == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return Response::new(status_code, "text/plain", message);
    }
    status(Encoding::of(call), status_code, message)
}

/// Returns an error as `google.rpc.Status`.
pub(super) fn status(encoding: Encoding, status: StatusCode, message: &str) -> Response {
    let code = grpc_code(status);
    let body = match encoding {
        Encoding::Protobuf => Status { code, message: message.into() }.encode_to_vec(),
        Encoding::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    };
    Response::new(status, encoding.content_type(), body)
}

/// Returns gRPC's code for an HTTP status. OTLP's specification requires clients to ignore it.
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

/// Returns the response for an injected fault.
pub(super) fn injected(fault: &Fault, encoding: Encoding, now: SystemTime) -> Response {
    let (status_code, message) = match fault {
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
    let response = status(encoding, status_code, message);
    match fault {
        Fault::Throttled(after) | Fault::Unavailable(after) => with_retry_after(response, *after, now),
        _ => response,
    }
}

/// Adds the header in the format that the fault demands.
fn with_retry_after(response: Response, after: RetryAfter, now: SystemTime) -> Response {
    match after {
        RetryAfter::Absent => response,
        RetryAfter::Seconds(seconds) => response.with_header("retry-after", seconds),
        RetryAfter::DateIn(wait) => response.with_header("retry-after", httpdate::fmt_http_date(now + wait)),
    }
}
