//! The rules that Honeycomb's and OTLP's documents state, and that a 200 says nothing about.

mod columns;
mod fields;
mod moments;
mod span;

use std::time::SystemTime;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span as Wired,
};

use super::span::Surroundings;
use crate::Complaint;
use columns::Columns;

/// The rules, and what they have to remember from one batch to the next.
#[derive(Debug, Default)]
pub(super) struct Checks {
    columns: Columns,
}

impl Checks {
    /// An envelope without a span costs a call and brings nothing.
    pub(super) fn envelope(&self, request: &ExportTraceServiceRequest) -> Vec<Complaint> {
        let resources = &request.resource_spans;
        let is_full = !resources.is_empty()
            && resources.iter().all(|resource| {
                !resource.scope_spans.is_empty() && resource.scope_spans.iter().all(|scope| !scope.spans.is_empty())
            });
        if is_full { Vec::new() } else { vec![Complaint::new("empty-envelope", "an envelope holds no span")] }
    }

    /// A resource needs a service's name, or its spans land in the dataset `unknown_service`.
    pub(super) fn resource(&self, attributes: &[KeyValue]) -> Vec<Complaint> {
        let mut complaints = fields::attributes(|| "resource".to_owned(), attributes);
        match service_name(attributes) {
            None | Some("") => {
                complaints.push(Complaint::new("service-name-missing", "the resource has no service.name"))
            }
            Some(name) if name.starts_with("unknown_service") => {
                complaints.push(Complaint::new("service-name-unknown", format!("service.name is {name}")));
            }
            Some(name) if name.trim() != name => {
                complaints.push(Complaint::new("service-name-untrimmed", format!("service.name is {name:?}")));
            }
            Some(_) => (),
        }
        complaints
    }

    /// All rules about one span.
    pub(super) fn span(&mut self, span: &Wired, surroundings: &Surroundings, now: SystemTime) -> Vec<Complaint> {
        let mut complaints = span::shape(span);
        complaints.extend(moments::times(span, now));
        complaints.extend(fields::sizes(span, &surroundings.resource));
        complaints.extend(span::sample_rate(span, &surroundings.resource));
        complaints.extend(self.columns.check(&surroundings.dataset, &span.attributes));
        complaints
    }
}

fn service_name(attributes: &[KeyValue]) -> Option<&str> {
    let pair = attributes.iter().find(|pair| pair.key == "service.name")?;
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(name) => Some(name),
        _ => None,
    }
}

/// A span in a complaint's detail.
fn told(span: &Wired) -> String {
    format!("span {} {:?}", crate::ids::hex(&span.span_id), span.name)
}
