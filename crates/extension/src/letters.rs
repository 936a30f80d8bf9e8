//! Dead letters: what could not be delivered, as JSON lines on stdout, which CloudWatch keeps and `crudder replay` delivers.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::log;
use crate::vendor::Vendor;

/// A line longer than 200 kB may be cut in two by CloudWatch, and is then no JSON any more.
const LONGEST_PAYLOAD: usize = 190_000;

/// What a letter says: the vendor, how many spans or items, and the request's body, packed.
pub(crate) struct Letter<'a> {
    pub(crate) vendor: Vendor,
    pub(crate) items: usize,
    pub(crate) reason: &'a str,
    pub(crate) packed: &'a [u8],
}

/// Prints a letter. A payload too large for one line goes in parts that bear one id and their numbers.
pub(crate) fn print(letter: &Letter<'_>) {
    // A payload is copied once and not looked through: at SHUTDOWN there may be megabytes of them, and little time.
    let encoded = base64::engine::general_purpose::STANDARD.encode(letter.packed);
    let parts: Vec<&str> =
        encoded.as_bytes().chunks(LONGEST_PAYLOAD).map(|part| str::from_utf8(part).unwrap_or_default()).collect();
    let id = uuid::Uuid::new_v4().to_string();
    for (index, part) in parts.iter().enumerate() {
        log::error_with_text(
            "dead letter",
            [
                ("vendor", name(letter.vendor).into()),
                ("items", letter.items.into()),
                ("reason", letter.reason.into()),
                ("encoding", "gzip+base64".into()),
                ("letter", id.as_str().into()),
                ("part", json!([index + 1, parts.len()])),
            ],
            ("payload", part),
        );
    }
}

/// A vendor's name in letters, spool files and log lines.
pub(crate) fn name(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Honeycomb => "honeycomb",
        Vendor::Rollbar => "rollbar",
        Vendor::XRay => "xray",
    }
}

/// Gzip, quickly: what is packed is text and protobuf full of repeated names, which any level halves several times.
pub(crate) fn pack(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    let written = packed.write_all(body).and_then(|()| packed.finish());
    written.expect("writing into a Vec does not fail")
}

/// What a body may unpack to. No batch of ours comes near it; a letter out of a strange file might.
const LARGEST_BODY: u64 = 32 << 20;

/// The body of a packed one; nothing for what is no gzip, and for what unpacks to more than a body of ours can be.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(packed).take(LARGEST_BODY + 1).read_to_end(&mut body).ok()?;
    (body.len() as u64 <= LARGEST_BODY).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_unpacks_and_a_bomb_does_not() {
        assert_eq!(unpack(&pack(b"body")).as_deref(), Some(&b"body"[..]));
        let bomb = pack(&vec![0; 33 << 20]);
        assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
        assert_eq!(unpack(&bomb), None);
        assert_eq!(unpack(b"no gzip"), None);
    }
}
