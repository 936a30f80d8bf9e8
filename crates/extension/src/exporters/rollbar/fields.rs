//! Fields of an item that come from span attributes: the request and the person.

use crudder_otlp::{Attribute, Value};
use crudder_text::scrub;
use serde_json::{Map, Value as Json, json};

use super::limits::{MAX_ID, MAX_TITLE};

/// Returns the HTTP request of a root span; `None` if the span is not of one.
pub(super) fn request(root: &[Attribute<'_>]) -> Option<Json> {
    let method = text(root, "http.request.method")?;
    let mut request = Map::new();
    request.insert("method".to_owned(), method.into());
    let path = text(root, "url.path").unwrap_or_default();
    let host = text(root, "server.address").unwrap_or("unknown");
    let mut url = format!("{}://{host}{path}", text(root, "url.scheme").unwrap_or("https"));
    if let Some(query) = text(root, "url.query") {
        request.insert("query_string".to_owned(), query.into());
        url.push('?');
        url.push_str(query);
    }
    request.insert("url".to_owned(), scrub(&url).into());
    if let Some(address) = text(root, "client.address") {
        request.insert("user_ip".to_owned(), address.into());
    }
    if let Some(agent) = text(root, "user_agent.original") {
        request.insert("headers".to_owned(), json!({ "User-Agent": agent }));
    }
    Some(Json::Object(request))
}

/// Returns the person that attributes name.
pub(super) fn person(attributes: &[Attribute<'_>]) -> Option<Json> {
    let handle = text(attributes, "handle").or_else(|| text(attributes, "annotation.handle"));
    let id = text(attributes, "user.id").or_else(|| text(attributes, "enduser.id")).or(handle)?;
    let mut person = Map::new();
    person.insert("id".to_owned(), cut(id, MAX_ID).into());
    if let Some(handle) = handle {
        person.insert("username".to_owned(), cut(handle, MAX_TITLE).into());
    }
    Some(Json::Object(person))
}

/// Returns the last string of this key that is not empty.
pub(super) fn text<'a>(attributes: &[Attribute<'a>], key: &str) -> Option<&'a str> {
    let found = attributes.iter().rev().find(|attribute| attribute.key == key)?;
    found.value.as_str().filter(|text| !text.is_empty())
}

/// Returns the strings of an array attribute.
pub(super) fn texts<'a>(attributes: &[Attribute<'a>], key: &str) -> Vec<&'a str> {
    let found = attributes.iter().rev().find(|attribute| attribute.key == key);
    match found.map(|attribute| &attribute.value) {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        Some(Value::Str(text)) => vec![text],
        _ => Vec::new(),
    }
}

/// Returns the first `max_chars` characters.
pub(super) fn cut(text: &str, max_chars: usize) -> &str {
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}
