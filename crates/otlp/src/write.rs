//! Protobuf's wire format, as far as OTLP is written by hand: by the function into records, by the layer around them.
//!
//! A field begins with its tag, the field's number times eight plus the wire type (protobuf.dev, "Encoding").

/// A number, seven bits a byte, the lowest first.
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes [`varint`] writes.
#[must_use]
pub fn varint_bytes(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

const fn tag(field: u32, wire: u32) -> u64 {
    (field << 3 | wire) as u64
}

/// The beginning of a field of `size` bytes; whoever calls writes these.
pub fn head(out: &mut Vec<u8>, field: u32, size: usize) {
    varint(out, tag(field, 2));
    varint(out, size as u64);
}

/// A field that is a message of `size` bytes, which `write` writes.
pub fn nested(out: &mut Vec<u8>, field: u32, size: usize, write: impl FnOnce(&mut Vec<u8>)) {
    head(out, field, size);
    let start = out.len();
    write(out);
    debug_assert_eq!(out.len() - start, size, "field {field}");
}

/// A field that is text, bytes or a message that stands already.
pub fn bytes(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    nested(out, field, content.len(), |out| out.extend_from_slice(content));
}

/// A field that is a number, a truth or one of an enumeration.
pub fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, tag(field, 0));
    varint(out, value);
}

/// A field of eight bytes.
pub fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, tag(field, 1));
    out.extend_from_slice(&value.to_le_bytes());
}

/// A field of four bytes.
pub fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    varint(out, tag(field, 5));
    out.extend_from_slice(&value.to_le_bytes());
}

/// How many bytes a field of `size` bytes takes, tag and length and all.
#[must_use]
pub fn sized(field: u32, size: usize) -> usize {
    varint_bytes(tag(field, 2)) + varint_bytes(size as u64) + size
}
