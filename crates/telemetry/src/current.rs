//! The functions with which a handler adds to its own telemetry.

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, Key, KeyValue, Value};

use crate::ids::TraceIds;
use crate::parent_context;
use crate::request::Current;

/// Returns the ids of the current request and its innermost open span; `None` outside a request.
#[must_use]
pub fn current_ids() -> Option<TraceIds> {
    Context::map_current(|context| {
        let span = context.span();
        span.span_context().is_valid().then(|| TraceIds::of(span.span_context()))
    })
}

/// Sets a searchable value on the current span and on the root span: an annotation in X-Ray, an
/// attribute elsewhere. Later reports of the request have it too. In X-Ray, characters that a key
/// may not hold become `_`.
pub fn set_annotation(key: &str, value: impl Into<Value>) {
    let attribute = KeyValue::new(format!("{}{key}", crudder_xray::ANNOTATION_PREFIX), value);
    Context::map_current(|context| {
        if let Some(Current(request)) = context.get::<Current>() {
            request.add_annotation(attribute.clone());
        }
        context.span().set_attribute(attribute);
    });
}

/// Sets a value on the current span: metadata in X-Ray, an attribute elsewhere.
pub fn set_attribute(key: impl Into<Key>, value: impl Into<Value>) {
    let attribute = KeyValue::new(key, value);
    Context::map_current(|context| context.span().set_attribute(attribute));
}

/// Links the current span to the span that an X-Ray header names: for a message from SQS, its system
/// attribute `AWSTraceHeader`. Returns `false` if the header names no span.
pub fn add_link(trace_header: &str) -> bool {
    let Some(span) = parent_context::span_in(trace_header) else { return false };
    Context::map_current(|context| context.span().add_link(span, Vec::new()));
    true
}
