//! Handles calls to Rollbar: checks size, JSON, token, rate limit and content, in this order.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::rate_limit::{RateLimitStatus, RateLimiter};
use super::request::{Rejected, check_request, is_item_path, read_item};
use super::store::RollbarStore;
use super::token::{RollbarToken, Scope, sent_token};
use super::{check, response};
use crate::handler::{Call, Handled, Handler, Response};
use crate::{CallLog, Fault, RedactedKey, redaction};

/// Handles the calls to Rollbar.
#[derive(Debug)]
pub struct RollbarHandler {
    tokens: Vec<RollbarToken>,
    rate_limiter: Mutex<RateLimiter>,
}

impl Handler for RollbarHandler {
    type Store = RollbarStore;
    const VENDOR: &'static str = "Rollbar";
    /// "Create item" says 128 kB in its list of response codes and 1024 kB in its text. The smaller
    /// limit is safe.
    const MAX_BODY_BYTES: usize = 128 * 1024;

    fn is_delivery(&self, call: &Call) -> bool {
        call.method == Method::POST && is_item_path(call)
    }

    fn supports(fault: &Fault) -> bool {
        !matches!(fault, Fault::PartialSuccess { .. } | Fault::ForbiddenThrottling)
    }

    fn contains_poison(&self, call: &Call, _: &str, value: &str) -> bool {
        String::from_utf8_lossy(&call.body).contains(value)
    }

    fn fault_response(&self, fault: &Fault, _: &Call, now: SystemTime) -> Response {
        response::injected(fault, now)
    }

    fn handle(&self, call: &Call, _: Option<&Fault>, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Handled {
        match (&call.method, call.uri.path()) {
            (&Method::POST, _) if is_item_path(call) => self.accept_item(call, now, store),
            (&Method::GET, "/api/1/status/ping") => Response::new(StatusCode::OK, "text/plain", "pong").into(),
            (&Method::GET, "/api/1/project" | "/api/1/project/") => self.describe_project(call, now, store),
            _ => reject(store, call, None, None, (StatusCode::NOT_FOUND, "not found".into())),
        }
    }

    fn call_log(store: &mut RollbarStore) -> &mut CallLog {
        store.call_log_mut()
    }
}

impl RollbarHandler {
    pub(super) fn new(tokens: Vec<RollbarToken>, calls_per_minute: u32) -> Self {
        Self { tokens, rate_limiter: Mutex::new(RateLimiter::new(calls_per_minute)) }
    }

    fn accept_item(&self, call: &Call, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Handled {
        let read = read_item(call);
        let sent = sent_token(call, read.as_ref().ok().map(|(_, body)| body));
        let redacted = sent.as_deref().map(RedactedKey::of);
        let (raw, body) = match read {
            Ok(read) => read,
            Err(rejected) => return reject(store, call, redacted, None, rejected),
        };
        let (token, sent) = match self.authorize(sent, |token| token.scope.may_post(&body["data"])) {
            Ok(authorized) => authorized,
            Err(rejected) => return reject(store, call, redacted, None, rejected),
        };
        let limit = self.count_call(token, now);
        if limit.is_exceeded {
            let rejected = (StatusCode::TOO_MANY_REQUESTS, "access token is over its rate limit".into());
            return reject(store, call, redacted, Some(limit), rejected);
        }
        let findings = check::check(&body, now);
        let violations = findings.violations.into_iter().chain(check_request(call, &raw, &sent));
        store.send_modify(|store| store.call_log_mut().record_violations(violations));
        if let Some(message) = findings.rejection {
            return reject(store, call, redacted, Some(limit), (StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        store_item(store, &raw, &sent, limit, now)
    }

    /// Returns the sent token if it is known, enabled and `may` make the call.
    fn authorize(
        &self,
        sent: Option<String>,
        may: impl Fn(&RollbarToken) -> bool,
    ) -> Result<(&RollbarToken, String), Rejected> {
        let sent = sent.ok_or((StatusCode::UNAUTHORIZED, "access token required".to_owned()))?;
        let known = self.tokens.iter().find(|token| token.text.matches(&sent));
        match known {
            None => Err((StatusCode::FORBIDDEN, "invalid access token".into())),
            Some(token) if token.disabled => Err((StatusCode::FORBIDDEN, "access token is disabled".into())),
            Some(token) if !may(token) => Err((StatusCode::FORBIDDEN, "insufficient privileges: wrong scope".into())),
            Some(token) => Ok((token, sent)),
        }
    }

    fn count_call(&self, token: &RollbarToken, now: SystemTime) -> RateLimitStatus {
        let index = self.tokens.iter().position(|known| known.text == token.text).unwrap_or(usize::MAX);
        self.rate_limiter.lock().unwrap_or_else(PoisonError::into_inner).count_call(index, now)
    }

    /// Answers `/api/1/project`, which needs a token with the scope `read`.
    fn describe_project(&self, call: &Call, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Handled {
        let sent = sent_token(call, None);
        let redacted = sent.as_deref().map(RedactedKey::of);
        match self.authorize(sent, |token| token.scope == Scope::Read) {
            Ok((token, _)) => {
                let result = json!({ "id": 1, "account_id": 1, "status": "enabled", "name": token.project });
                let response = Response::json(StatusCode::OK, &json!({ "err": 0, "result": result }));
                self.count_call(token, now).add_headers(response).into()
            }
            Err(rejected) => reject(store, call, redacted, None, rejected),
        }
    }
}

/// Stores the item without its token and other secrets, and answers.
fn store_item(
    store: &watch::Sender<RollbarStore>,
    raw: &str,
    token: &str,
    limit: RateLimitStatus,
    now: SystemTime,
) -> Handled {
    let redacted = RedactedKey::of(token);
    let raw = raw.replace(token, redacted.as_str());
    let mut body: Value = serde_json::from_str(&raw).unwrap_or_default();
    let secrets = redaction::redact(&mut body["data"], "data");
    let raw = if secrets.is_empty() { raw } else { body.to_string() };
    let mut stored = None;
    store.send_modify(|store| {
        store.call_log_mut().record_violations(secrets);
        stored = Some(store.add_item(&body, raw, redacted, now));
    });
    let (uuid, delivery) = stored.unzip();
    Handled { response: limit.add_headers(response::accepted(&uuid.unwrap_or_default())), delivery }
}

fn reject(
    store: &watch::Sender<RollbarStore>,
    call: &Call,
    token: Option<RedactedKey>,
    limit: Option<RateLimitStatus>,
    (status, message): Rejected,
) -> Handled {
    let reason = format!("{} {}: {message}", call.method, call.uri.path());
    store.send_modify(|store| store.call_log_mut().record_rejection(status.as_u16(), reason, token));
    let response = response::error(status, &message);
    match limit {
        Some(limit) => limit.add_headers(response).into(),
        None => response.into(),
    }
}
