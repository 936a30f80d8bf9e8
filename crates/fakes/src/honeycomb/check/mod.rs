//! The rules that Honeycomb's and OTLP's documents state, and that a 200 says nothing about.

mod columns;
mod fields;
mod moments;
mod span;

use std::time::SystemTime;

use columns::Columns;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as Wired;

use super::span::Surroundings;
use crate::Violation;

/// The rules, and what they have to remember from one batch to the next.
#[derive(Debug, Default)]
pub(super) struct Checks {
    columns: Columns,
}

impl Checks {
    /// An envelope without a span costs a call and brings nothing.
    pub(super) fn envelope(&self, request: &ExportTraceServiceRequest) -> Vec<Violation> {
        let resources = &request.resource_spans;
        let is_full = !resources.is_empty()
            && resources.iter().all(|resource| {
                !resource.scope_spans.is_empty() && resource.scope_spans.iter().all(|scope| !scope.spans.is_empty())
            });
        if is_full { Vec::new() } else { vec![Violation::new("empty-envelope", "an envelope holds no span")] }
    }

    /// A resource needs a service's name, or its spans land in the dataset `unknown_service`.
    pub(super) fn resource(&self, attributes: &[KeyValue]) -> Vec<Violation> {
        let mut violations = fields::attributes(|| "resource".to_owned(), attributes);
        match service_name(attributes) {
            None | Some("") => {
                violations.push(Violation::new("service-name-missing", "the resource has no service.name"))
            }
            Some(name) if name.starts_with("unknown_service") => {
                violations.push(Violation::new("service-name-unknown", format!("service.name is {name}")));
            }
            Some(name) if name.trim() != name => {
                violations.push(Violation::new("service-name-untrimmed", format!("service.name is {name:?}")));
            }
            Some(_) => (),
        }
        violations
    }

    /// All rules about one span.
    pub(super) fn span(&mut self, span: &Wired, surroundings: &Surroundings, now: SystemTime) -> Vec<Violation> {
        let mut violations = span::shape(span);
        violations.extend(moments::times(span, now));
        violations.extend(fields::sizes(span, &surroundings.resource));
        violations.extend(span::sample_rate(span, &surroundings.resource));
        violations.extend(self.columns.check(&surroundings.dataset, &span.attributes));
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

/// A span in a violation's detail.
fn told(span: &Wired) -> String {
    format!("span {} {:?}", crate::ids::hex(&span.span_id), span.name)
}
