//! The spans of an invocation as items: ended ones as recorded, open ones closed by the extension.

use crudder_otlp::write;
use crudder_recorder::WriterId;
use tokio::time::Instant;

use super::super::context::Context;
use super::super::item::Item;
use super::super::payload::Payload;
use crate::invocations::{Death, InitDeath, Invocation, Span, describe};

/// Field numbers of OTLP's `Span`.
const KIND: u32 = 6;
const START_TIME: u32 = 7;
const END_TIME: u32 = 8;
const ATTRIBUTES: u32 = 9;
const EVENTS: u32 = 11;

/// Returns the span recorded at `position`, with the fields of `appended` behind it.
pub(super) fn recorded(writer: WriterId, position: u64, bytes: usize, appended: Vec<u8>, now: Instant) -> Item {
    let item = Item::new(position, Payload::new(appended.into()), now);
    Item { process: Some(writer), record_bytes: Some(bytes), ..item }
}

/// Returns all spans of a finished invocation that are not exported yet.
pub(super) fn of_invocation(
    writer: WriterId,
    invocation: &Invocation,
    sample_rate: u64,
    context: &Context<'_>,
) -> Vec<Item> {
    let has_error = invocation.has_failed();
    let failed_span = invocation.open_path().last().map(|span| span.ids.span);
    let mut items = Vec::new();
    for span in invocation.spans.values().filter(|span| !span.is_exported) {
        let mut appended = Vec::new();
        if sample_rate > 1 {
            write::int_attribute(&mut appended, ATTRIBUTES, "SampleRate", sample_rate.cast_signed());
        }
        let position = match (span.ended, span.started) {
            (Some(position), _) => position,
            (None, Some(position)) => {
                close(&mut appended, span, invocation, failed_span, context);
                position
            }
            (None, None) => continue,
        };
        let item = recorded(writer, position, span.record_bytes, appended, context.now);
        items.push(Item { has_error, ..item });
    }
    // The last span resolves the invocation's own records along: after a restart in the meantime,
    // the next extension process still knows whose span it is.
    if let Some(last) = items.last_mut() {
        last.also = invocation.frame_positions();
    }
    items
}

/// Appends the end that an open span did not reach. Appended fields override those of the recorded
/// start.
fn close(
    appended: &mut Vec<u8>,
    span: &Span,
    invocation: &Invocation,
    failed_span: Option<[u8; 8]>,
    context: &Context<'_>,
) {
    for report in invocation.reports.values().filter(|report| report.span == span.ids.span) {
        if let Some((_, event)) = context.message(report.position) {
            write::length_delimited(appended, EVENTS, event);
        }
    }
    let Some(death) = &invocation.death else {
        write::fixed64(appended, END_TIME, span.summary.start_ns);
        return write::bool_attribute(appended, ATTRIBUTES, "crudder.unfinished", true);
    };
    write::fixed64(appended, END_TIME, death.at_unix_nano.max(span.summary.start_ns));
    death_attributes(appended, death, failed_span == Some(span.ids.span));
}

/// Appends status and attributes of a span that a death closed.
fn death_attributes(appended: &mut Vec<u8>, death: &Death, is_failed_span: bool) {
    write::string_attribute(appended, ATTRIBUTES, "error.type", death.cause.as_str());
    write::string_attribute(appended, ATTRIBUTES, "crudder.death", death.cause.as_str());
    if !death.detail.is_empty() {
        write::string_attribute(appended, ATTRIBUTES, "crudder.death.detail", &death.detail);
    }
    if is_failed_span {
        write::bool_attribute(appended, ATTRIBUTES, "crudder.culprit", true);
    }
    write::error_status(appended, describe(death.cause));
}

/// Returns the span of a death during init, in a trace of its own.
pub(super) fn init_span(init_death: &InitDeath, context: &Context<'_>) -> Item {
    let death = &init_death.death;
    let mut span = Vec::with_capacity(256);
    write::length_delimited(&mut span, 1, &init_death.trace);
    write::length_delimited(&mut span, 2, &init_death.span());
    write::length_delimited(&mut span, 5, b"init");
    write::varint_field(&mut span, KIND, 1);
    let started = context.process.map_or(0, |process| process.started_unix_nano);
    let start = if started > 0 { started } else { death.at_unix_nano };
    write::fixed64(&mut span, START_TIME, start);
    write::fixed64(&mut span, END_TIME, death.at_unix_nano.max(start));
    write::bool_attribute(&mut span, ATTRIBUTES, "faas.coldstart", true);
    death_attributes(&mut span, death, true);
    Item { process: Some(init_death.writer), ..Item::new(death.position, Payload::new(span.into()), context.now) }
}
