//! The `aws` member of a call through an AWS SDK, and the members that depend on who was called:
//! `name` and `namespace`.

use crudder_otlp::{Span, SpanKind, Value};

use crate::attributes::text;
use crate::json::{MAX_STRING_CHARS, key, string, value};

/// Whether the span is a call through an AWS SDK.
fn is_aws(span: &Span<'_>) -> bool {
    text(span, "rpc.system") == Some("aws-api")
}

/// Returns the name of the called service, which is the name of its node on the trace map, or the
/// name of the span.
pub(crate) fn name<'a>(span: &Span<'a>) -> &'a str {
    let service = if is_aws(span) { text(span, "rpc.service") } else { None };
    text(span, "peer.service").or(service).unwrap_or(span.name)
}

/// Returns the namespace of a remote call. `aws` and `remote` make a node on the trace map; an
/// internal step has none.
pub(crate) fn namespace(span: &Span<'_>) -> Option<&'static str> {
    match span.kind {
        _ if is_aws(span) => Some("aws"),
        SpanKind::Client => Some("remote"),
        _ => None,
    }
}

/// Writes operation, region, request id and resources. In a subsegment only calls through an AWS
/// SDK have this member.
pub(crate) fn write_aws(out: &mut Vec<u8>, span: &Span<'_>) {
    if !is_aws(span) {
        return;
    }
    key(out, "aws");
    out.push(b'{');
    let members = [
        ("operation", &["rpc.method"][..]),
        ("region", &["cloud.region", "aws.region"]),
        ("request_id", &["aws.request_id"]),
        ("account_id", &["cloud.account.id", "aws.account_id"]),
        ("table_name", &["aws.table_name"]),
    ];
    for (name, attributes) in members {
        if let Some(value) = attributes.iter().find_map(|attribute| text(span, attribute)) {
            string(out, name, value);
        }
    }
    write_tables(out, span);
    out.push(b'}');
}

/// Writes the tables of a DynamoDB call. By convention the attribute is an array; a `tracing` field
/// can only be a string.
fn write_tables(out: &mut Vec<u8>, span: &Span<'_>) {
    match span.attribute("aws.dynamodb.table_names") {
        Some(Value::Str(table)) => string(out, "table_name", table),
        Some(tables @ Value::Array(names)) => {
            if let Some(first) = names.first().and_then(Value::as_str) {
                string(out, "table_name", first);
            }
            key(out, "table_names");
            value(out, tables, MAX_STRING_CHARS);
        }
        _ => (),
    }
}
