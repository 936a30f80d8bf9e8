//! Names a span in the text of a violation.

use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;

use crate::ids::hex;

/// Returns for example `span 5f3c0102a4b5c6d7 "GET /api/activities/home"`.
pub(super) fn span_label(span: &OtlpSpan) -> String {
    format!("span {} {:?}", hex(&span.span_id), span.name)
}
