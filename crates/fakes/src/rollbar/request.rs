//! Reads a call that posts an item, and checks what surrounds the item.

use http::StatusCode;
use percent_encoding::percent_decode;
use serde_json::Value;

use super::token::query_token;
use crate::Violation;
use crate::handler::Call;

/// The status and message of a rejection.
pub(super) type Rejected = (StatusCode, String);

/// Returns whether the call's path is that of items. The documented path ends with a slash. Rollbar
/// answers without it too (observed).
pub(super) fn is_item_path(call: &Call) -> bool {
    matches!(call.uri.path(), "/api/1/item/" | "/api/1/item")
}

/// Returns the body as text and as JSON.
pub(super) fn read_item(call: &Call) -> Result<(String, Value), Rejected> {
    if call.is_truncated {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "request entity too large".into()));
    }
    let bad_request = |message: &str| (StatusCode::BAD_REQUEST, message.to_owned());
    let raw = String::from_utf8(payload(call)).map_err(|_| bad_request("the body is not UTF-8"))?;
    let body = serde_json::from_str(&raw).map_err(|_| bad_request("the body is not JSON"))?;
    Ok((raw, body))
}

fn is_form(call: &Call) -> bool {
    call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Returns the item's JSON: the body, or the only field `payload` of a form ("Create item").
fn payload(call: &Call) -> Vec<u8> {
    match call.body.strip_prefix(b"payload=").filter(|_| is_form(call)) {
        Some(field) => {
            let field: Vec<u8> = field.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            percent_decode(&field).collect()
        }
        None => call.body.to_vec(),
    }
}

/// Returns the breaches of the documentation that Rollbar does not reject.
pub(super) fn check_request(call: &Call, raw: &str, token: &str) -> Vec<Violation> {
    let is_json = call.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let has_legacy_token = serde_json::from_str::<Value>(raw).is_ok_and(|body| body["access_token"] == token);
    let item_has_token = raw.matches(token).count() > usize::from(has_legacy_token);
    let rules = [
        (!is_json && !is_form(call), "content-type-unexpected", "the content type must be application/json"),
        (
            query_token(call).is_some(),
            "token-in-query",
            "a token in the query is deprecated; send X-Rollbar-Access-Token",
        ),
        (item_has_token, "token-in-item", "the item contains its own token; remove it"),
        (!call.uri.path().ends_with('/'), "path-without-slash", "the path must be /api/1/item/ with the last slash"),
    ];
    let broken = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
    broken.map(|(_, rule, detail)| Violation::new(rule, detail)).collect()
}
