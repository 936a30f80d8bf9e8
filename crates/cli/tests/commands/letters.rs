//! Dead letters as the layer prints them.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A Rollbar item with this ordinal, as a letter's line.
pub(crate) fn rollbar(ordinal: u32) -> String {
    let item = json!({ "data": {
        "environment": "test", "level": "error", "timestamp": 1_790_000_000, "uuid": format!("0b9d6b6e-7f2c-4c1e-9f3a-{ordinal:012}"),
        "body": { "message": { "body": format!("report {ordinal}") } },
    } });
    letter("rollbar", ordinal, &gzip(item.to_string().as_bytes()))
}

pub(crate) fn letter(vendor: &str, ordinal: u32, packed: &[u8]) -> String {
    let payload = base64::engine::general_purpose::STANDARD.encode(packed);
    json!({
        "timestamp": "2026-11-22T10:00:00.000Z", "level": "ERROR", "message": "dead letter", "vendor": vendor, "items": 1,
        "reason": "the vendor is down", "encoding": "gzip+base64", "letter": format!("letter-{ordinal}"), "part": [1, 1], "payload": payload,
    })
    .to_string()
}
