//! The ids of a trace in the forms that its readers use.

use std::fmt::{self, Write};

use crudder_xray::TraceId as XrayTraceId;
use opentelemetry::trace::{SpanContext, TraceId};

/// The ids under which every destination shows the current request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceIds {
    /// The W3C form, 32 hex digits, which Honeycomb uses.
    pub trace_id: String,
    /// The X-Ray form of the same bits, `1-8hex-24hex`, which X-Ray and CloudWatch use.
    pub xray_trace_id: String,
    /// The innermost open span, 16 hex digits.
    pub span_id: String,
}

impl TraceIds {
    pub(crate) fn of(span: &SpanContext) -> Self {
        let mut xray_trace_id = String::with_capacity(35);
        write_xray_trace_id(&mut xray_trace_id, span.trace_id()).expect("writing into a String does not fail");
        Self { trace_id: span.trace_id().to_string(), xray_trace_id, span_id: span.span_id().to_string() }
    }
}

/// Writes the X-Ray form of a trace id, and nothing for the invalid one.
pub(crate) fn write_xray_trace_id(out: &mut impl Write, id: TraceId) -> fmt::Result {
    let id = XrayTraceId::from_number(u128::from_be_bytes(id.to_bytes()));
    id.map_or(Ok(()), |id| write!(out, "{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_xray_form_is_the_same_bits_with_two_dashes() {
        let mut text = String::new();
        write_xray_trace_id(&mut text, TraceId::from_hex("5759e988bd862e3fe1be46a994272793").unwrap()).unwrap();
        assert_eq!(text, "1-5759e988-bd862e3fe1be46a994272793");
    }
}
