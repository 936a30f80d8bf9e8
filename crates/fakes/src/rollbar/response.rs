//! Rollbar's responses: `err` 0 with a result, or `err` 1 with a message.

use std::time::SystemTime;

use http::StatusCode;
use serde_json::json;

use super::rate_limit::RateLimitStatus;
use crate::handler::Response;
use crate::{Fault, RetryAfter};

/// The wait of an injected 429 without a time: Rollbar's window is a minute.
const DEFAULT_WAIT_S: u64 = 60;

/// Returns the 200 for an accepted item. Rollbar's `id` is always null ("Create item").
pub(super) fn accepted(uuid: &str) -> Response {
    Response::json(StatusCode::OK, &json!({ "err": 0, "result": { "uuid": uuid, "id": null } }))
}

pub(super) fn error(status: StatusCode, message: &str) -> Response {
    Response::json(status, &json!({ "err": 1, "message": message }))
}

/// Returns the response for an injected fault.
pub(super) fn injected(fault: &Fault, now: SystemTime) -> Response {
    let (status, message) = match fault {
        Fault::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "access token is over its rate limit"),
        Fault::Unauthorized => (StatusCode::UNAUTHORIZED, "access token required"),
        Fault::ForbiddenKey => (StatusCode::FORBIDDEN, "invalid access token"),
        Fault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "request entity too large"),
        Fault::Poisoned { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid format: data.body"),
        Fault::BadGateway => (StatusCode::BAD_GATEWAY, "bad gateway"),
        Fault::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "service unavailable"),
        Fault::GatewayTimeout => (StatusCode::GATEWAY_TIMEOUT, "gateway timeout"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
    };
    let response = error(status, message);
    match fault {
        Fault::Throttled(after) => RateLimitStatus::exceeded(wait_seconds(*after), now).add_headers(response),
        Fault::Unavailable(RetryAfter::Seconds(seconds)) => response.with_header("retry-after", seconds),
        Fault::Unavailable(RetryAfter::DateIn(wait)) => {
            response.with_header("retry-after", httpdate::fmt_http_date(now + *wait))
        }
        _ => response,
    }
}

fn wait_seconds(after: RetryAfter) -> u64 {
    match after {
        RetryAfter::Absent => DEFAULT_WAIT_S,
        RetryAfter::Seconds(seconds) => seconds,
        RetryAfter::DateIn(wait) => wait.as_secs(),
    }
}
