//! Honeycomb's and OTLP's rules about a batch that Honeycomb accepts with 200 even if it breaks
//! them.

mod attributes;
mod columns;
mod describe;
mod identity;
mod times;

use std::time::SystemTime;

use columns::Columns;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;

use super::span_decoder::SpanDecoder;
use crate::Violation;

/// The checks of batches, with the state that they keep from one batch to the next.
#[derive(Debug, Default)]
pub(super) struct Checks {
    columns: Columns,
}

impl Checks {
    /// Checks that no part of a request is empty: such a request costs a call and delivers nothing.
    pub(super) fn request(&self, request: &ExportTraceServiceRequest) -> Vec<Violation> {
        let resources = &request.resource_spans;
        let is_filled = !resources.is_empty()
            && resources.iter().all(|resource| {
                !resource.scope_spans.is_empty() && resource.scope_spans.iter().all(|scope| !scope.spans.is_empty())
            });
        let detail = "the request has an empty list of resources, scopes or spans; do not send it";
        if is_filled { Vec::new() } else { vec![Violation::new("empty-request", detail)] }
    }

    /// Checks a resource. Without `service.name` its spans go to the dataset `unknown_service`
    /// (husky).
    pub(super) fn resource(&self, attributes: &[KeyValue]) -> Vec<Violation> {
        let mut violations = attributes::check(|| "resource".to_owned(), attributes);
        let broken = match service_name(attributes) {
            None | Some("") => Some(("service-name-missing", "resource: service.name is missing".to_owned())),
            Some(name) if name.starts_with("unknown_service") => {
                Some(("service-name-unknown", format!("resource: service.name is {name}")))
            }
            Some(name) if name.trim() != name => {
                Some(("service-name-untrimmed", format!("resource: service.name is {name:?}; Honeycomb trims it")))
            }
            Some(_) => None,
        };
        violations.extend(broken.map(|(rule, detail)| Violation::new(rule, detail)));
        violations
    }

    /// Checks a span.
    pub(super) fn span(&mut self, span: &OtlpSpan, decoder: &SpanDecoder, now: SystemTime) -> Vec<Violation> {
        let mut violations = identity::check(span);
        violations.extend(times::check(span, now));
        violations.extend(attributes::check_span(span, &decoder.resource));
        violations.extend(identity::check_sample_rate(span, &decoder.resource));
        violations.extend(self.columns.check(&decoder.dataset, &span.attributes));
        violations
    }
}

fn service_name(attributes: &[KeyValue]) -> Option<&str> {
    let pair = attributes.iter().find(|pair| pair.key == "service.name")?;
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(name) => Some(name),
        _ => None,
    }
}
