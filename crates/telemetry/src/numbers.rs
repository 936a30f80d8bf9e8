//! Keeps whole numbers numbers: `tracing-opentelemetry` 0.34 knows no unsigned fields and makes text of them, so that nobody could
//! search for a length, or plot it.
//!
//! A layer before its own remembers them, and hands them over when a span is about to start or end on this thread.

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
    static AT_HAND: RefCell<Vec<(&'static str, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Makes the numbers of the span that starts or ends numbers again.
pub(crate) fn restore(attributes: &mut [KeyValue]) {
    // A span may end when its thread's own values are gone; then its numbers stay text.
    let _ = AT_HAND.try_with(|numbers| {
        let Ok(numbers) = numbers.try_borrow() else { return };
        if numbers.is_empty() {
            return;
        }
        for attribute in attributes {
            let known = numbers.iter().find(|(name, _)| *name == attribute.key.as_str());
            // The text must be that number: then nothing is made of another span's attribute but what it says.
            if let (Value::String(text), Some((_, number))) = (&attribute.value, known)
                && text.as_str().parse() == Ok(*number)
                && let Ok(number) = i64::try_from(*number)
            {
                attribute.value = Value::I64(number);
            }
        }
    });
}

/// The layer. It stands before that of `tracing-opentelemetry`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers;

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

impl Numbers {
    fn hand_over<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, context: &Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let _ = AT_HAND.try_with(|at_hand| {
            let Ok(mut at_hand) = at_hand.try_borrow_mut() else { return };
            at_hand.clear();
            if let Some(Unsigned(numbers)) = span.extensions().get::<Unsigned>() {
                at_hand.extend_from_slice(numbers);
            }
        });
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Numbers {
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
            // The later of two values of one field counts.
            Some(known) => {
                known.0.retain(|(name, _)| unsigned.0.iter().all(|(newer, _)| newer != name));
                known.0.append(&mut unsigned.0);
            }
            None => extensions.insert(unsigned),
        }
    }

    fn on_enter(&self, id: &span::Id, context: Context<'_, S>) {
        Self::hand_over(id, &context);
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        Self::hand_over(&id, &context);
    }
}
