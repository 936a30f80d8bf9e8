//! Writes protobuf fields, attributes and `ResourceSpans` into a byte buffer.
//!
//! A field starts with a tag: the field number times eight, plus the wire type (protobuf.dev,
//! "Encoding"). Every function appends to `out`. Field numbers are those of opentelemetry-proto.

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

const fn tag(field: u32, wire_type: u32) -> u64 {
    (field << 3 | wire_type) as u64
}

/// Writes a varint: seven bits a byte, the lowest bits first.
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Returns the number of bytes that [`varint`] writes.
#[must_use]
pub fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Writes a field of type `uint64`, `int64` (as two's complement), `bool` or enum.
pub fn varint_field(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, tag(field, VARINT));
    varint(out, value);
}

/// Writes a field of type `fixed64` or `double` (as its bits).
pub fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, tag(field, FIXED64));
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a field of type `fixed32`.
pub fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    varint(out, tag(field, FIXED32));
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a field of type `string` or `bytes`, or a submessage that is already encoded.
pub fn length_delimited(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    length_delimited_header(out, field, content.len());
    out.extend_from_slice(content);
}

/// Writes the tag and the length of a field whose content takes `len` bytes. The caller writes the
/// content.
pub fn length_delimited_header(out: &mut Vec<u8>, field: u32, len: usize) {
    varint(out, tag(field, LENGTH_DELIMITED));
    varint(out, len as u64);
}

/// Returns the number of bytes of a length-delimited field, including tag and length, whose content
/// takes `len` bytes.
#[must_use]
pub fn length_delimited_len(field: u32, len: usize) -> usize {
    varint_len(tag(field, LENGTH_DELIMITED)) + varint_len(len as u64) + len
}

/// Writes a submessage of `len` bytes in place; `write` appends exactly these bytes.
pub fn submessage(out: &mut Vec<u8>, field: u32, len: usize, write: impl FnOnce(&mut Vec<u8>)) {
    length_delimited_header(out, field, len);
    let start = out.len();
    write(out);
    debug_assert_eq!(out.len() - start, len, "field {field}");
}

/// Writes an attribute with a string value. `field` is the number of the `attributes` field: 9 in
/// `Span`, 1 in `Resource`.
pub fn string_attribute(out: &mut Vec<u8>, field: u32, key: &str, value: &str) {
    let mut any_value = Vec::with_capacity(value.len() + 4);
    length_delimited(&mut any_value, 1, value.as_bytes());
    attribute(out, field, key, &any_value);
}

/// Writes an attribute with a boolean value; `field` as in [`string_attribute`].
pub fn bool_attribute(out: &mut Vec<u8>, field: u32, key: &str, value: bool) {
    attribute(out, field, key, &[tag(2, VARINT) as u8, u8::from(value)]);
}

/// Writes an attribute with an integer value; `field` as in [`string_attribute`].
pub fn int_attribute(out: &mut Vec<u8>, field: u32, key: &str, value: i64) {
    let mut any_value = Vec::with_capacity(12);
    varint_field(&mut any_value, 3, value.cast_unsigned());
    attribute(out, field, key, &any_value);
}

/// Writes a `KeyValue` around an encoded `AnyValue`.
fn attribute(out: &mut Vec<u8>, field: u32, key: &str, any_value: &[u8]) {
    let mut pair = Vec::with_capacity(key.len() + any_value.len() + 8);
    length_delimited(&mut pair, 1, key.as_bytes());
    length_delimited(&mut pair, 2, any_value);
    length_delimited(out, field, &pair);
}

/// Writes the `status` field of a `Span`: the code `ERROR` and this message.
pub fn error_status(out: &mut Vec<u8>, message: &str) {
    let mut status = Vec::with_capacity(message.len() + 6);
    length_delimited(&mut status, 2, message.as_bytes());
    varint_field(&mut status, 3, 2);
    length_delimited(out, 15, &status);
}

/// Writes one `ResourceSpans`, field 1 of an `ExportTraceServiceRequest`, from encoded parts.
/// Nothing is decoded.
///
/// The two parts of `resource` together are an encoded `Resource`, and the two parts of each of
/// `spans` together are an encoded `Span`; protobuf messages can be concatenated. `scope` is the
/// name of the instrumentation scope.
///
/// ```
/// use crudder_otlp::{read, write};
///
/// let mut resource = Vec::new();
/// write::string_attribute(&mut resource, 1, "service.name", "shop");
/// let mut span = Vec::new();
/// write::length_delimited(&mut span, 5, b"GET /cart");
/// let mut request = Vec::new();
/// write::resource_spans(&mut request, [&resource, &[]], "my-exporter", &[[&span, &[]]]);
///
/// let (number, _resource_spans) = read::Fields::new(&request).next().expect("one field");
/// assert_eq!(number, 1);
/// ```
pub fn resource_spans(out: &mut Vec<u8>, resource: [&[u8]; 2], scope: &str, spans: &[[&[u8]; 2]]) {
    let parts_len = |parts: &[&[u8]; 2]| parts.iter().map(|part| part.len()).sum::<usize>();
    let name_len = length_delimited_len(1, scope.len());
    let spans_len = spans.iter().map(|parts| length_delimited_len(2, parts_len(parts))).sum::<usize>();
    let scope_spans_len = length_delimited_len(1, name_len) + spans_len;
    let resource_len = parts_len(&resource);
    let len = length_delimited_len(1, resource_len) + length_delimited_len(2, scope_spans_len);
    submessage(out, 1, len, |out| {
        length_delimited_header(out, 1, resource_len);
        resource.iter().for_each(|part| out.extend_from_slice(part));
        length_delimited_header(out, 2, scope_spans_len);
        submessage(out, 1, name_len, |out| length_delimited(out, 1, scope.as_bytes()));
        for parts in spans {
            length_delimited_header(out, 2, parts_len(parts));
            parts.iter().for_each(|part| out.extend_from_slice(part));
        }
    });
}
