//! Writes dead letters as JSON lines on stdout, where CloudWatch keeps them.

use base64::Engine;
use serde_json::json;

use crate::log;

/// CloudWatch may cut a line longer than 200 kB in two; the halves are not JSON any more.
const MAX_PAYLOAD_BYTES: usize = 190_000;

/// Prints a dead letter. `packed` is the request body as gzip. A payload that is too large for one
/// line is split into parts with the same id and a number each.
pub(crate) fn print(destination: &str, items: usize, reason: &str, packed: &[u8]) {
    // A payload is copied once and not searched for escapes: at SHUTDOWN there may be megabytes of
    // them, and little time.
    let encoded = base64::engine::general_purpose::STANDARD.encode(packed);
    let parts: Vec<&str> =
        encoded.as_bytes().chunks(MAX_PAYLOAD_BYTES).map(|part| str::from_utf8(part).unwrap_or_default()).collect();
    let id = uuid::Uuid::new_v4().to_string();
    for (index, part) in parts.iter().enumerate() {
        let fields = [
            ("vendor", destination.into()),
            ("items", items.into()),
            ("reason", reason.into()),
            ("encoding", "gzip+base64".into()),
            ("letter", id.as_str().into()),
            ("part", json!([index + 1, parts.len()])),
        ];
        log::error_with_text("dead letter", fields, ("payload", part));
    }
}
