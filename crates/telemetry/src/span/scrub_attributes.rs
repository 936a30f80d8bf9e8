//! Masks secrets in the attributes of spans and events.

use std::borrow::Cow;

use crudder_text::{MASK, is_secret_key, scrub};
use opentelemetry::{KeyValue, Value};

/// Masks secrets in place: fields of `tracing` may hold anything.
pub(super) fn scrub_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let masked = match &attribute.value {
            Value::String(_) if is_secret_key(attribute.key.as_str()) => MASK.to_owned(),
            Value::String(text) => match scrub(text.as_str()) {
                Cow::Borrowed(_) => continue,
                Cow::Owned(masked) => masked,
            },
            _ => continue,
        };
        attribute.value = masked.into();
    }
}
