//! Rollbar's answers: `err` 0 with a result, or `err` 1 with a message.

use std::time::SystemTime;

use http::StatusCode;
use serde_json::json;

use super::limit::Standing;
use crate::handler::Answer;
use crate::{Fault, RetryAfter};

/// What a throttled caller is told to wait where the plan says nothing: Rollbar's window is a minute.
const WAIT_S: u64 = 60;

pub(super) fn taken(uuid: &str) -> Answer {
    Answer::json(StatusCode::OK, &json!({ "err": 0, "result": { "uuid": uuid, "id": null } }))
}

pub(super) fn refused(status: StatusCode, message: &str) -> Answer {
    Answer::json(status, &json!({ "err": 1, "message": message }))
}

/// The words of a planned fault.
pub(super) fn planned(fault: &Fault, now: SystemTime) -> Answer {
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
    let answer = refused(status, message);
    match fault {
        Fault::Throttled(after) => Standing::throttled(seconds(*after), now).on(answer),
        Fault::Unavailable(RetryAfter::Seconds(seconds)) => answer.with("retry-after", seconds),
        Fault::Unavailable(RetryAfter::DateIn(wait)) => {
            answer.with("retry-after", httpdate::fmt_http_date(now + *wait))
        }
        _ => answer,
    }
}

fn seconds(after: RetryAfter) -> u64 {
    match after {
        RetryAfter::Absent => WAIT_S,
        RetryAfter::Seconds(seconds) => seconds,
        RetryAfter::DateIn(wait) => wait.as_secs(),
    }
}
