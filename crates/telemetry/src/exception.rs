//! The attributes of an error, by OpenTelemetry's conventions for exceptions.

use crudder_text::scrub;
use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::failure::Failure;

/// Returns the attributes of an error, for its span, its event and its report.
pub(crate) fn exception(failure: &Failure) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(8);
    attributes.push(KeyValue::new("level", "error"));
    attributes.push(KeyValue::new("exception.type", failure.kind.clone()));
    attributes.push(KeyValue::new("exception.message", scrub(&failure.message).into_owned()));
    if let Some(backtrace) = &failure.backtrace {
        attributes.push(KeyValue::new("exception.stacktrace", backtrace.clone()));
    }
    if !failure.causes.is_empty() {
        attributes.push(causes(failure.causes.iter().map(String::as_str)));
    }
    if let Some(location) = &failure.location {
        attributes.push(KeyValue::new("exception.location", location.clone()));
    }
    attributes
}

/// Returns the attribute of an error's sources, outermost first.
pub(crate) fn causes<'a>(causes: impl Iterator<Item = &'a str>) -> KeyValue {
    let causes = causes.map(|cause| StringValue::from(scrub(cause).into_owned())).collect();
    KeyValue::new("exception.causes", Value::Array(Array::String(causes)))
}
