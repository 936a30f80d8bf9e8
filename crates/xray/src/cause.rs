//! The flags `error`, `throttle` and `fault`, and the `cause` member with the exceptions.

use crudder_otlp::{Attribute, Span, SpanKind, Value};
use crudder_text::backtrace;

use crate::attributes::find;
use crate::json::{bare, id, key, string};
use crate::{derived_id, http};

/// At most this many exceptions of a span are written; further ones repeat the same failure.
const MAX_EXCEPTIONS: usize = 8;

/// The share of a document that all exceptions of a span may take together.
const MAX_CAUSE_BYTES: usize = 24_000;

/// At most this many frames of an exception are written.
const MAX_FRAMES: usize = 24;

/// Writes the flags: from the HTTP status if there is one, else from the status of the span.
pub(crate) fn write_flags(out: &mut Vec<u8>, span: &Span<'_>) {
    let mut flag = |name| bare(out, name, true);
    match http::status(span) {
        Some(429) => {
            flag("error");
            flag("throttle");
        }
        Some(400..=499) => flag("error"),
        Some(500..=599) => flag("fault"),
        _ if span.failed => flag("fault"),
        _ => (),
    }
}

/// Writes the exceptions: from the span events, else from the span's attributes, else from the
/// status message.
pub(crate) fn write_cause(out: &mut Vec<u8>, span: &Span<'_>) {
    let is_exception = |attributes: &[Attribute<'_>]| {
        ["exception.type", "exception.message"].iter().any(|key| find(attributes, key).is_some())
    };
    let events = span.events.iter().filter(|event| event.name == "exception" || is_exception(&event.attributes));
    let mut exceptions = events.map(|event| event.attributes.as_slice()).take(MAX_EXCEPTIONS).collect::<Vec<_>>();
    if exceptions.is_empty() && is_exception(&span.attributes) {
        exceptions.push(&span.attributes);
    }
    if exceptions.is_empty() && (!span.failed || span.status_message.is_empty()) {
        return;
    }
    key(out, "cause");
    out.push(b'{');
    key(out, "exceptions");
    out.push(b'[');
    write_exceptions(out, span, &exceptions);
    out.extend_from_slice(b"]}");
}

fn write_exceptions(out: &mut Vec<u8>, span: &Span<'_>, exceptions: &[&[Attribute<'_>]]) {
    let end = out.len() + MAX_CAUSE_BYTES;
    let mut number = 0;
    for attributes in exceptions {
        let before = (out.len(), number);
        write_chain(out, span, attributes, &mut number);
        if out.len() > end {
            // Of the first exception, type and message stay even if the whole is too large.
            out.truncate(before.0);
            number = before.1;
            if number == 0 {
                write_exception(out, span, &mut number, |out| write_message(out, span, attributes));
            }
            break;
        }
    }
    if exceptions.is_empty() {
        write_exception(out, span, &mut number, |out| string(out, "message", span.status_message));
    }
}

/// Writes an exception and each of its causes as an exception of its own.
fn write_chain(out: &mut Vec<u8>, span: &Span<'_>, attributes: &[Attribute<'_>], number: &mut u64) {
    let causes = match find(attributes, "exception.causes") {
        Some(Value::Array(causes)) => causes.as_slice(),
        _ => &[],
    };
    let mut messages = causes.iter().filter_map(Value::as_str).take(MAX_EXCEPTIONS).peekable();
    let cause = |has_cause: bool, number: u64| has_cause.then(|| derived_id(span.id, number + 1));
    let (has_cause, first) = (messages.peek().is_some(), *number);
    write_exception(out, span, number, |out| {
        write_message(out, span, attributes);
        cause(has_cause, first).into_iter().for_each(|cause| id(out, "cause", cause));
        write_stack(out, attributes);
    });
    while let Some(message) = messages.next() {
        let (has_cause, this) = (messages.peek().is_some(), *number);
        write_exception(out, span, number, |out| {
            string(out, "message", message);
            cause(has_cause, this).into_iter().for_each(|cause| id(out, "cause", cause));
        });
    }
}

fn write_message(out: &mut Vec<u8>, span: &Span<'_>, attributes: &[Attribute<'_>]) {
    if let Some(kind) = find(attributes, "exception.type").and_then(Value::as_str) {
        string(out, "type", kind);
    }
    let message = find(attributes, "exception.message").and_then(Value::as_str).unwrap_or(span.status_message);
    if !message.is_empty() {
        string(out, "message", message);
    }
}

fn write_exception(out: &mut Vec<u8>, span: &Span<'_>, number: &mut u64, body: impl FnOnce(&mut Vec<u8>)) {
    if *number > 0 {
        out.push(b',');
    }
    out.push(b'{');
    id(out, "id", derived_id(span.id, *number));
    body(out);
    if matches!(span.kind, SpanKind::Client | SpanKind::Producer) {
        bare(out, "remote", true);
    }
    out.push(b'}');
    *number += 1;
}

/// Writes the frames of the backtrace, or the one location that is known.
fn write_stack(out: &mut Vec<u8>, attributes: &[Attribute<'_>]) {
    let trace = find(attributes, "exception.stacktrace").and_then(Value::as_str);
    let mut frames = trace.map(backtrace::frames).into_iter().flatten().peekable();
    if frames.peek().is_some() {
        key(out, "stack");
        out.push(b'[');
        for (index, frame) in frames.by_ref().take(MAX_FRAMES).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_frame(out, frame.file, frame.line, Some(frame.function));
        }
        out.push(b']');
        let truncated = frames.count();
        if truncated > 0 {
            bare(out, "truncated", truncated);
        }
        return;
    }
    let location = find(attributes, "exception.location").and_then(Value::as_str).filter(|text| text.contains(':'));
    if let Some((file, line)) = location.map(backtrace::location) {
        key(out, "stack");
        out.push(b'[');
        write_frame(out, Some(file), line, None);
        out.push(b']');
    }
}

fn write_frame(out: &mut Vec<u8>, file: Option<&str>, line: Option<u32>, function: Option<&str>) {
    out.push(b'{');
    if let Some(file) = file {
        string(out, "path", file);
    }
    if let Some(line) = line {
        bare(out, "line", line);
    }
    if let Some(function) = function {
        string(out, "label", function);
    }
    out.push(b'}');
}
