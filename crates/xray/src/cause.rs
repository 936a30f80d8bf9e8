//! `error`, `throttle`, `fault`, and why.

use crudder_text::backtrace;

use super::attributes::find;
use super::json::{bare, id, key, string};
use super::{blocks, mixed_id};
use crudder_otlp::{Attribute, Span, SpanKind, Value};

/// Exceptions of one span that are told; the rest would be repetition.
const MAX_EXCEPTIONS: usize = 8;

/// What all of a span's exceptions may take of its document.
const MAX_CAUSE_BYTES: usize = 24_000;

/// Frames of one exception that are told.
const MAX_FRAMES: usize = 24;

/// Writes the flags: by the HTTP status where there is one, else by the span's own.
pub(super) fn write_flags(out: &mut Vec<u8>, span: &Span<'_>) {
    let mut flag = |name| bare(out, name, true);
    match blocks::http_status(span) {
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

/// Writes the exceptions: the span's events, or its attributes, or at least what its status says.
pub(super) fn write_cause(out: &mut Vec<u8>, span: &Span<'_>) {
    let is_exception = |attributes: &[Attribute<'_>]| {
        ["exception.type", "exception.message"].iter().any(|key| find(attributes, key).is_some())
    };
    let events = span.events.iter().filter(|event| event.name == "exception" || is_exception(&event.attributes));
    let mut told = events.map(|event| event.attributes.as_slice()).take(MAX_EXCEPTIONS).collect::<Vec<_>>();
    if told.is_empty() && is_exception(&span.attributes) {
        told.push(&span.attributes);
    }
    if told.is_empty() && (!span.failed || span.status_message.is_empty()) {
        return;
    }
    let end = out.len() + MAX_CAUSE_BYTES;
    key(out, "cause");
    out.push(b'{');
    key(out, "exceptions");
    out.push(b'[');
    let mut number = 0;
    for attributes in &told {
        let before = (out.len(), number);
        write_chain(out, span, attributes, &mut number);
        if out.len() > end {
            // Too much to tell: the first exception stays, by its words alone.
            out.truncate(before.0);
            number = before.1;
            if number == 0 {
                write_one(out, span, &mut number, |out| write_words(out, span, attributes));
            }
            break;
        }
    }
    if told.is_empty() {
        write_one(out, span, &mut number, |out| string(out, "message", span.status_message));
    }
    out.extend_from_slice(b"]}");
}

/// An exception and, each as one of its own, what caused it.
fn write_chain(out: &mut Vec<u8>, span: &Span<'_>, attributes: &[Attribute<'_>], number: &mut u64) {
    let causes = match find(attributes, "exception.causes") {
        Some(Value::Array(causes)) => causes.as_slice(),
        _ => &[],
    };
    let mut messages = causes.iter().filter_map(Value::as_str).take(MAX_EXCEPTIONS).peekable();
    let cause = |more: bool, number: u64| more.then(|| mixed_id(span.id, number + 1));
    let (more, first) = (messages.peek().is_some(), *number);
    write_one(out, span, number, |out| {
        write_words(out, span, attributes);
        cause(more, first).into_iter().for_each(|cause| id(out, "cause", cause));
        write_stack(out, attributes);
    });
    while let Some(message) = messages.next() {
        let (more, this) = (messages.peek().is_some(), *number);
        write_one(out, span, number, |out| {
            string(out, "message", message);
            cause(more, this).into_iter().for_each(|cause| id(out, "cause", cause));
        });
    }
}

fn write_words(out: &mut Vec<u8>, span: &Span<'_>, attributes: &[Attribute<'_>]) {
    if let Some(kind) = find(attributes, "exception.type").and_then(Value::as_str) {
        string(out, "type", kind);
    }
    let message = find(attributes, "exception.message").and_then(Value::as_str).unwrap_or(span.status_message);
    if !message.is_empty() {
        string(out, "message", message);
    }
}

fn write_one(out: &mut Vec<u8>, span: &Span<'_>, number: &mut u64, body: impl FnOnce(&mut Vec<u8>)) {
    if *number > 0 {
        out.push(b',');
    }
    out.push(b'{');
    id(out, "id", mixed_id(span.id, *number));
    body(out);
    if matches!(span.kind, SpanKind::Client | SpanKind::Producer) {
        bare(out, "remote", true);
    }
    out.push(b'}');
    *number += 1;
}

/// The frames of the backtrace, or the one place that is known.
fn write_stack(out: &mut Vec<u8>, attributes: &[Attribute<'_>]) {
    let trace = find(attributes, "exception.stacktrace").and_then(Value::as_str);
    let mut frames = trace.map(backtrace::frames).into_iter().flatten().peekable();
    if frames.peek().is_some() {
        key(out, "stack");
        out.push(b'[');
        for (told, frame) in frames.by_ref().take(MAX_FRAMES).enumerate() {
            if told > 0 {
                out.push(b',');
            }
            out.push(b'{');
            if let Some(path) = frame.path {
                string(out, "path", path);
            }
            if let Some(line) = frame.line {
                bare(out, "line", line);
            }
            string(out, "label", frame.label);
            out.push(b'}');
        }
        out.push(b']');
        let truncated = frames.count();
        if truncated > 0 {
            bare(out, "truncated", truncated);
        }
        return;
    }
    let location = find(attributes, "exception.location").and_then(Value::as_str);
    if let Some((path, line)) = location.and_then(|place| place.rsplit_once(':')) {
        key(out, "stack");
        out.extend_from_slice(b"[{");
        string(out, "path", path);
        if let Ok(line) = line.parse::<u32>() {
            bare(out, "line", line);
        }
        out.extend_from_slice(b"}]");
    }
}
