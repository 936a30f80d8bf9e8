//! One segment of a document: everything of a span but its children.

use super::json::{bare, hex, id, key, time};
use super::{blocks, cause, names};
use crudder_otlp::Span;

/// Whether a segment stands on its own or inside its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A document of its own: says of which trace it is and whose child.
    Alone,
    /// In its parent's `subsegments`.
    Nested,
}

/// Writes a segment without its closing brace, in at most `room` bytes. What a long span loses is metadata, then
/// whole blocks, never its identity, which takes at most 2 kB.
pub(super) fn write(out: &mut Vec<u8>, span: &Span<'_>, place: Place, service: &str, room: usize) {
    let end = out.len() + room - blocks::NOTE_BYTES;
    write_identity(out, span, place);
    let parts: [fn(&mut Vec<u8>, &Span<'_>); 4] =
        [blocks::write_http, blocks::write_aws, blocks::write_annotations, cause::write_cause];
    for write_part in parts {
        let before = out.len();
        write_part(out, span);
        if out.len() > end {
            out.truncate(before);
        }
    }
    let room = end.saturating_sub(out.len());
    blocks::write_metadata(out, span, service, room);
}

fn write_identity(out: &mut Vec<u8>, span: &Span<'_>, place: Place) {
    out.push(b'{');
    key(out, "name");
    names::write_name(out, blocks::name(span));
    id(out, "id", span.id);
    if place == Place::Alone {
        key(out, "trace_id");
        let trace = span.trace_id.to_be_bytes();
        out.extend_from_slice(b"\"1-");
        hex(out, &trace[..4]);
        out.push(b'-');
        hex(out, &trace[4..]);
        out.push(b'"');
        id(out, "parent_id", span.parent_id);
        key(out, "type");
        out.extend_from_slice(b"\"subsegment\"");
    }
    time(out, "start_time", span.start_ns);
    match span.end_ns {
        // A clock that stepped back must not make a span end before it began.
        Some(end) => time(out, "end_time", end.max(span.start_ns)),
        None => bare(out, "in_progress", true),
    }
    if let Some(namespace) = blocks::namespace(span) {
        key(out, "namespace");
        out.push(b'"');
        out.extend_from_slice(namespace.as_bytes());
        out.push(b'"');
    }
    cause::write_flags(out, span);
}
