//! Keeps items within the size that Rollbar accepts.

use serde_json::{Map, Value as Json, json};

use super::fields::cut;
use super::limits::MAX_ITEM_BYTES;

/// What a message keeps of its text in an item that is too large.
const MAX_MESSAGE_CHARS: usize = 1024;

/// Encodes an item. One that is too large loses its frames, its request and most of its message.
pub(super) fn encode_within_limit(mut data: Map<String, Json>) -> Vec<u8> {
    let encode = |data: &Map<String, Json>| json!({ "data": data }).to_string().into_bytes();
    let whole = encode(&data);
    if whole.len() <= MAX_ITEM_BYTES {
        return whole;
    }
    for chain in ["trace_chain", "trace"] {
        let traces = data.get_mut("body").and_then(|body| body.get_mut(chain));
        let traces = traces.map(|traces| if traces.is_array() { traces.as_array_mut() } else { None });
        for trace in traces.flatten().into_iter().flatten() {
            trace["frames"] = json!([]);
            shorten(&mut trace["exception"]["message"]);
        }
    }
    if let Some(body) = data.get_mut("body") {
        shorten(&mut body["message"]["body"]);
        if body["message"]["body"].is_null() {
            body.as_object_mut().map(|body| body.remove("message"));
        }
    }
    data.remove("request");
    encode(&data)
}

fn shorten(text: &mut Json) {
    if let Some(long) = text.as_str() {
        *text = cut(long, MAX_MESSAGE_CHARS).into();
    }
}
