//! One subsegment: all of a span except its children.

use crudder_otlp::Span;
use crudder_text::write_hex;

use crate::annotations::write_annotations;
use crate::json::{bare, id, key, time};
use crate::metadata::{NOTE_BYTES, write_metadata};
use crate::{aws, cause, http, names};

/// How a subsegment is sent (X-Ray Developer Guide, "Subsegments").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// In a document of its own, which names its trace and its parent.
    Independent,
    /// In the `subsegments` of its parent.
    Embedded,
}

/// Writes a subsegment without its closing brace, in at most `max_bytes`. A span that is too large
/// loses metadata first, then whole members, but never its identity, which takes at most 2 kB.
pub(crate) fn write(out: &mut Vec<u8>, span: &Span<'_>, placement: Placement, service: &str, max_bytes: usize) {
    let end = out.len() + max_bytes - NOTE_BYTES;
    write_identity(out, span, placement);
    let members: [fn(&mut Vec<u8>, &Span<'_>); 4] =
        [http::write_http, aws::write_aws, write_annotations, cause::write_cause];
    for write_member in members {
        let before = out.len();
        write_member(out, span);
        if out.len() > end {
            out.truncate(before);
        }
    }
    let left = end.saturating_sub(out.len());
    write_metadata(out, span, service, left);
}

fn write_identity(out: &mut Vec<u8>, span: &Span<'_>, placement: Placement) {
    out.push(b'{');
    key(out, "name");
    names::write_name(out, aws::name(span));
    id(out, "id", span.id);
    if placement == Placement::Independent {
        key(out, "trace_id");
        let trace = span.trace_id.to_be_bytes();
        out.extend_from_slice(b"\"1-");
        write_hex(out, &trace[..4]);
        out.push(b'-');
        write_hex(out, &trace[4..]);
        out.push(b'"');
        id(out, "parent_id", span.parent_id);
        key(out, "type");
        out.extend_from_slice(b"\"subsegment\"");
    }
    time(out, "start_time", span.start_ns);
    match span.end_ns {
        // If the clock stepped back, the span still must not end before it began.
        Some(end) => time(out, "end_time", end.max(span.start_ns)),
        None => bare(out, "in_progress", true),
    }
    if let Some(namespace) = aws::namespace(span) {
        key(out, "namespace");
        out.push(b'"');
        out.extend_from_slice(namespace.as_bytes());
        out.push(b'"');
    }
    cause::write_flags(out, span);
}
