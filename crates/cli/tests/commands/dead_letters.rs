//! Dead letters as the extension logs them.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = GzEncoder::new(Vec::new(), Compression::default());
    compressed.write_all(bytes).unwrap();
    compressed.finish().unwrap()
}

/// Returns the log line of a dead letter with one Rollbar item.
pub(crate) fn rollbar_letter(ordinal: u32) -> String {
    let item = json!({ "data": {
        "environment": "test", "level": "error", "timestamp": 1_790_000_000, "uuid": format!("0b9d6b6e-7f2c-4c1e-9f3a-{ordinal:012}"),
        "body": { "message": { "body": format!("report {ordinal}") } },
    } });
    letter("rollbar", ordinal, &gzip(item.to_string().as_bytes()))
}

/// Returns the log line of a dead letter for a destination.
pub(crate) fn letter(destination: &str, ordinal: u32, compressed: &[u8]) -> String {
    let payload = base64::engine::general_purpose::STANDARD.encode(compressed);
    json!({
        "timestamp": "2026-11-22T10:00:00.000Z", "level": "ERROR", "message": "dead letter", "vendor": destination, "items": 1,
        "reason": "Rollbar is down", "encoding": "gzip+base64", "letter": format!("letter-{ordinal}"), "part": [1, 1], "payload": payload,
    })
    .to_string()
}
