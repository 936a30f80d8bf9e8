//! Rollbar's calls, one after the other: size, JSON, token, rate, meaning.

use std::sync::PoisonError;
use std::time::SystemTime;

use http::{Method, StatusCode};
use percent_encoding::percent_decode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answer::{refused, taken};
use super::limit::Standing;
use super::{RollbarHandler, RollbarStore, RollbarToken, Scope, check, token};
use crate::handler::{Answer, Call, Served};
use crate::{KeyMark, Violation, privacy};

/// The path of the documents has a slash at its end; without it Rollbar answers as well (practice).
pub(super) fn is_item_path(call: &Call) -> bool {
    matches!(call.uri.path(), "/api/1/item/" | "/api/1/item")
}

/// A refusal: status and message.
type Refusal = (StatusCode, String);

impl RollbarHandler {
    pub(super) fn answer(&self, call: &Call, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Served {
        match (&call.method, call.uri.path()) {
            (&Method::POST, _) if is_item_path(call) => self.item(call, now, store),
            (&Method::GET, "/api/1/status/ping") => Answer::new(StatusCode::OK, "text/plain", "pong").into(),
            (&Method::GET, "/api/1/project" | "/api/1/project/") => self.project(call, now, store),
            _ => reject(store, call, None, None, (StatusCode::NOT_FOUND, "not found".into())),
        }
    }

    fn item(&self, call: &Call, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Served {
        let read = read(call);
        let sent = token::sent(call, read.as_ref().ok().map(|(_, body)| body));
        let mark = sent.as_deref().map(KeyMark::of);
        let (raw, body) = match read {
            Ok(read) => read,
            Err(refusal) => return reject(store, call, mark, None, refusal),
        };
        let (token, sent) = match self.admit(sent, |token| token.scope.may_post(&body["data"])) {
            Ok(admitted) => admitted,
            Err(refusal) => return reject(store, call, mark, None, refusal),
        };
        let standing = self.count(token, now);
        if standing.is_over {
            let refusal = (StatusCode::TOO_MANY_REQUESTS, "access token is over its rate limit".into());
            return reject(store, call, mark, Some(standing), refusal);
        }
        let checked = check::check(&body, now);
        let violations = checked.violations.into_iter().chain(manners(call, &raw, &sent));
        store.send_modify(|store| store.ledger_mut().complain(violations));
        if let Some(field) = checked.refused {
            return reject(store, call, mark, Some(standing), (StatusCode::UNPROCESSABLE_ENTITY, field));
        }
        keep(store, &raw, &sent, standing, now)
    }

    /// The token that was sent, if it is known and good for the call.
    fn admit(
        &self,
        sent: Option<String>,
        may: impl Fn(&RollbarToken) -> bool,
    ) -> Result<(&RollbarToken, String), Refusal> {
        let sent = sent.ok_or((StatusCode::UNAUTHORIZED, "access token required".to_owned()))?;
        let known = self.tokens.iter().find(|token| token.text.is(&sent));
        match known {
            None => Err((StatusCode::FORBIDDEN, "invalid access token".into())),
            Some(token) if token.disabled => Err((StatusCode::FORBIDDEN, "access token is disabled".into())),
            Some(token) if !may(token) => Err((StatusCode::FORBIDDEN, "insufficient privileges: wrong scope".into())),
            Some(token) => Ok((token, sent)),
        }
    }

    fn count(&self, token: &RollbarToken, now: SystemTime) -> Standing {
        let place = self.tokens.iter().position(|known| known.text == token.text).unwrap_or(usize::MAX);
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).count(place, now)
    }

    fn project(&self, call: &Call, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Served {
        let sent = token::sent(call, None);
        let mark = sent.as_deref().map(KeyMark::of);
        match self.admit(sent, |token| token.scope == Scope::Read) {
            Ok((token, _)) => {
                let result = json!({ "id": 1, "account_id": 1, "status": "enabled", "name": token.project });
                self.count(token, now).on(Answer::json(StatusCode::OK, &json!({ "err": 0, "result": result }))).into()
            }
            Err(refusal) => reject(store, call, mark, None, refusal),
        }
    }
}

/// The body as text and as JSON.
fn read(call: &Call) -> Result<(String, Value), Refusal> {
    if call.is_cut {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "request entity too large".into()));
    }
    let bad = |_| (StatusCode::BAD_REQUEST, "the body is no JSON".to_owned());
    let raw = String::from_utf8(payload(call)).map_err(|_| (StatusCode::BAD_REQUEST, "the body is no UTF-8".into()))?;
    let body = serde_json::from_str(&raw).map_err(|error: serde_json::Error| bad(error.to_string()))?;
    Ok((raw, body))
}

fn is_form(call: &Call) -> bool {
    call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// The JSON itself: the body, or a form's one field `payload`.
fn payload(call: &Call) -> Vec<u8> {
    match call.body.strip_prefix(b"payload=").filter(|_| is_form(call)) {
        Some(field) => {
            let spaced: Vec<u8> = field.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            percent_decode(&spaced).collect()
        }
        None => call.body.to_vec(),
    }
}

/// What is not refused, and yet not as the documents have it.
fn manners(call: &Call, raw: &str, token: &str) -> Vec<Violation> {
    let is_json = call.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let legacy = serde_json::from_str::<Value>(raw).is_ok_and(|body| body["access_token"] == token);
    let broken = [
        (!is_json && !is_form(call), "content-type", "an item is application/json"),
        (token::in_query(call).is_some(), "token-in-query", "a token in the query is deprecated"),
        (raw.matches(token).count() > usize::from(legacy), "token-in-item", "the item holds its own token"),
        (!call.uri.path().ends_with('/'), "path-slash", "the item's path ends with a slash"),
    ];
    broken.into_iter().filter(|(is, ..)| *is).map(|(_, rule, detail)| Violation::new(rule, detail)).collect()
}

/// Keeps the item without its token, and answers.
fn keep(store: &watch::Sender<RollbarStore>, raw: &str, token: &str, standing: Standing, now: SystemTime) -> Served {
    let mark = KeyMark::of(token);
    let raw = raw.replace(token, mark.text());
    let mut body: Value = serde_json::from_str(&raw).unwrap_or_default();
    let secrets = privacy::cleanse(&mut body["data"], "data");
    let raw = if secrets.is_empty() { raw } else { body.to_string() };
    let mut kept = None;
    store.send_modify(|store| {
        store.ledger_mut().complain(secrets);
        kept = Some(store.take(&body, raw, mark, now));
    });
    let (uuid, delivery) = kept.unzip();
    Served { answer: standing.on(taken(&uuid.unwrap_or_default())), delivery }
}

fn reject(
    store: &watch::Sender<RollbarStore>,
    call: &Call,
    mark: Option<KeyMark>,
    standing: Option<Standing>,
    (status, message): Refusal,
) -> Served {
    let reason = format!("{} {}: {message}", call.method, call.uri.path());
    store.send_modify(|store| store.ledger_mut().reject(status.as_u16(), reason, mark));
    let answer = refused(status, &message);
    standing.map_or(Served::from(refused(status, &message)), |standing| standing.on(answer).into())
}
