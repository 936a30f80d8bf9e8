//! Gzip of request bodies in the spool and in dead letters.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// The largest body that is unpacked. Batches are far smaller; a dead letter from a foreign file
/// may not be.
const MAX_BODY_BYTES: u64 = 32 << 20;

/// Packs a body at the fastest level: text and protobuf are full of repeated names, which any level
/// halves several times.
pub(super) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    let written = packed.write_all(body).and_then(|()| packed.finish());
    written.expect("writing into a Vec does not fail")
}

/// Unpacks a body. Returns `None` for what is not gzip, and for a body of more than 32 MB.
pub(crate) fn gunzip(packed: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    GzDecoder::new(packed).take(MAX_BODY_BYTES + 1).read_to_end(&mut body).ok()?;
    (body.len() as u64 <= MAX_BODY_BYTES).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_body_unpacks_and_a_zip_bomb_does_not() {
        assert_eq!(gunzip(&gzip(b"body")).as_deref(), Some(&b"body"[..]));
        let bomb = gzip(&vec![0; 33 << 20]);
        assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
        assert_eq!(gunzip(&bomb), None);
        assert_eq!(gunzip(b"no gzip"), None);
    }
}
