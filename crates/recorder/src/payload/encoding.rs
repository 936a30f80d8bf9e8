//! How payloads are encoded: numbers first, little-endian, then texts after their lengths.

use super::Malformed;

/// Returns a time and a number of one byte.
pub(crate) fn time_and_number(time: u64, number: u8) -> [u8; 9] {
    let mut bytes = [number; 9];
    bytes[..8].copy_from_slice(&time.to_le_bytes());
    bytes
}

/// Appends a text after its length in two bytes. Names and ids are short; a longer text is cut at a
/// character boundary.
pub(crate) fn put_text(to: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
    to.extend_from_slice(&(text.len() as u16).to_le_bytes());
    to.extend_from_slice(text.as_bytes());
}

/// Reads a payload from its start. Every method fails with [`Malformed`] if the payload ends too
/// early.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.bytes().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.bytes().map(u64::from_le_bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = usize::from(u16::from_le_bytes(self.bytes()?));
        let (text, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Malformed)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
