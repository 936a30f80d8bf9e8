//! Keeps unsigned fields numeric. `tracing-opentelemetry` 0.34 turns them into text, and text can
//! be neither compared nor plotted.
//!
//! A layer before its own remembers the numbers of each span. When a span is about to start or end,
//! the layer copies its numbers to the thread, where the span processor finds them.

use std::cell::RefCell;
use std::fmt::Debug;

use opentelemetry::{KeyValue, Value};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

thread_local! {
    static CURRENT: RefCell<Vec<(&'static str, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Restores the numbers of the span that starts or ends on this thread.
pub(super) fn restore_numbers(attributes: &mut [KeyValue]) {
    // A span may end after its thread's own values are gone; then its numbers stay text.
    let _ = CURRENT.try_with(|numbers| {
        let Ok(numbers) = numbers.try_borrow() else { return };
        if numbers.is_empty() {
            return;
        }
        for attribute in attributes {
            let known = numbers.iter().find(|(name, _)| *name == attribute.key.as_str());
            // Only a text that is this number is replaced: the numbers may be another span's.
            if let (Value::String(text), Some((_, number))) = (&attribute.value, known)
                && text.as_str().parse() == Ok(*number)
                && let Ok(number) = i64::try_from(*number)
            {
                attribute.value = Value::I64(number);
            }
        }
    });
}

/// The layer that remembers unsigned fields. It must come before the layer of `tracing-opentelemetry`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnsignedFields;

/// A span's unsigned fields.
#[derive(Debug, Default)]
struct Unsigned(Vec<(&'static str, u64)>);

impl Visit for Unsigned {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value));
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, _: &Field, _: &str) {}
}

impl UnsignedFields {
    fn copy_to_thread<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, context: &Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let _ = CURRENT.try_with(|current| {
            let Ok(mut current) = current.try_borrow_mut() else { return };
            current.clear();
            if let Some(Unsigned(numbers)) = span.extensions().get::<Unsigned>() {
                current.extend_from_slice(numbers);
            }
        });
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for UnsignedFields {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut unsigned = Unsigned::default();
        attributes.record(&mut unsigned);
        if let Some(span) = context.span(id).filter(|_| !unsigned.0.is_empty()) {
            span.extensions_mut().insert(unsigned);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut unsigned = Unsigned::default();
        values.record(&mut unsigned);
        let Some(span) = context.span(id).filter(|_| !unsigned.0.is_empty()) else { return };
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<Unsigned>() {
            // Of two values of one field the later counts.
            Some(known) => {
                known.0.retain(|(name, _)| unsigned.0.iter().all(|(newer, _)| newer != name));
                known.0.append(&mut unsigned.0);
            }
            None => extensions.insert(unsigned),
        }
    }

    fn on_enter(&self, id: &span::Id, context: Context<'_, S>) {
        Self::copy_to_thread(id, &context);
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        Self::copy_to_thread(&id, &context);
    }
}
