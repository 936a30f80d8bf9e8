//! The REST proxy event, version 1.0: the form in which a function receives a request.
//!
//! Source: "Input format of a Lambda function for proxy integration" in the API Gateway developer
//! guide.

mod context;
mod headers;
mod input;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

pub(super) use input::EventInput;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, Vec<String>>,
    query_string_parameters: Option<BTreeMap<&'a str, &'a str>>,
    multi_value_query_string_parameters: Option<BTreeMap<&'a str, Vec<&'a str>>>,
    path_parameters: Option<&'a BTreeMap<String, String>>,
    stage_variables: Option<&'a BTreeMap<String, String>>,
    request_context: Value,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// Returns the event as JSON. As at API Gateway, a part that the request does not have is null.
pub(super) fn to_json(input: &EventInput<'_>) -> Vec<u8> {
    let multi_value_headers = headers::of_event(input);
    let last = |values: &Vec<String>| values.last().cloned().unwrap_or_default();
    let mut query: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in input.query {
        query.entry(name).or_default().push(value);
    }
    let (body, is_base64_encoded) = body(input);
    let event = Event {
        resource: input.resource,
        path: input.path,
        http_method: input.method,
        headers: multi_value_headers.iter().map(|(name, values)| (name.clone(), last(values))).collect(),
        multi_value_headers,
        query_string_parameters: non_empty(
            input.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        ),
        multi_value_query_string_parameters: non_empty(query),
        path_parameters: Some(input.variables).filter(|variables| !variables.is_empty()),
        stage_variables: Some(input.stage_variables).filter(|variables| !variables.is_empty()),
        request_context: context::of_event(input),
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&event).expect("maps with string keys and strings are always JSON")
}

fn non_empty<V>(pairs: BTreeMap<&str, V>) -> Option<BTreeMap<&str, V>> {
    Some(pairs).filter(|pairs| !pairs.is_empty())
}

/// Returns the body as text, or as base64 if it is binary or not UTF-8; `None` if it is empty.
fn body(input: &EventInput<'_>) -> (Option<String>, bool) {
    match std::str::from_utf8(input.body) {
        _ if input.body.is_empty() => (None, false),
        Ok(text) if !input.binary => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(input.body)), true),
    }
}
