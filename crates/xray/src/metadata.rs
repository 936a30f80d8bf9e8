//! The `metadata` member: the attributes that have no other place. X-Ray stores it and does not
//! index it.

use crudder_otlp::{Attribute, Span};

use crate::ANNOTATION_PREFIX;
use crate::json::{MAX_STRING_CHARS, bare, cut_string, key, value};

/// Longer metadata strings are cut. X-Ray limits only the document.
const MAX_METADATA_CHARS: usize = 2_000;

/// The size of the note about missing attributes and the closing braces.
pub(crate) const NOTE_BYTES: usize = 48;

/// Attributes that another member of the document has.
const NOT_METADATA: [&str; 27] = [
    "aws.account_id",
    "aws.dynamodb.table_names",
    "aws.region",
    "aws.request_id",
    "aws.table_name",
    "client.address",
    "cloud.account.id",
    "cloud.region",
    "exception.causes",
    "exception.location",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
    "faas.coldstart",
    "http.request.method",
    "http.response.body.size",
    "http.response.status_code",
    "http.route",
    "rpc.method",
    "rpc.service",
    "rpc.system",
    "server.address",
    "url.full",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
];

/// Writes all other attributes under the name of the service, in at most `max_bytes`. A note counts
/// those that do not fit.
pub(crate) fn write_metadata(out: &mut Vec<u8>, span: &Span<'_>, service: &str, max_bytes: usize) {
    let start = out.len();
    let end = start.saturating_add(max_bytes);
    key(out, "metadata");
    out.push(b'{');
    key(out, service);
    out.push(b'{');
    let empty = out.len();
    let mut missing = 0;
    for (index, attribute) in span.attributes.iter().enumerate() {
        let name = attribute.key.strip_prefix("metadata.").unwrap_or(attribute.key);
        let is_repeated = || span.attributes[index + 1..].iter().any(|later| later.key == attribute.key);
        if is_elsewhere(attribute) || is_repeated() {
            continue;
        }
        let before = out.len();
        if before > empty {
            out.push(b',');
        }
        cut_string(out, name, MAX_STRING_CHARS);
        out.push(b':');
        value(out, &attribute.value, MAX_METADATA_CHARS);
        if out.len() + NOTE_BYTES > end {
            out.truncate(before);
            missing += 1;
        }
    }
    if missing > 0 {
        bare(out, "attributes_cut", missing);
    }
    if out.len() == empty {
        return out.truncate(start);
    }
    out.extend_from_slice(b"}}");
}

fn is_elsewhere(attribute: &Attribute<'_>) -> bool {
    NOT_METADATA.binary_search(&attribute.key).is_ok() || attribute.key.starts_with(ANNOTATION_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_attributes_that_are_not_metadata_is_sorted_for_binary_search() {
        assert!(NOT_METADATA.is_sorted());
    }
}
