//! Restores attributes that are arrays by the conventions. Fields of `tracing` cannot hold arrays, so
//! they arrive as JSON text.

use opentelemetry::{Array, KeyValue, StringValue, Value};

/// OpenTelemetry's arrays of strings for DynamoDB, each with the separator of its elements in JSON.
const ARRAYS: [(&str, &str); 2] = [("aws.dynamodb.table_names", ","), ("aws.dynamodb.consumed_capacity", "},{")];

/// Restores arrays from `["a","b"]` (names, which hold no commas) and from `[{…},{…}]` (flat objects,
/// each of which becomes one string).
pub(super) fn restore_arrays(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let Some((_, separator)) = ARRAYS.iter().find(|(key, _)| *key == attribute.key.as_str()) else { continue };
        let Value::String(text) = &attribute.value else { continue };
        if let Some(elements) = elements(text.as_str(), separator) {
            attribute.value = Value::Array(Array::String(elements));
        }
    }
}

fn elements(text: &str, separator: &str) -> Option<Vec<StringValue>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let of = |element: &str| match separator {
        "," => element.trim().trim_matches('"').to_owned(),
        _ => format!("{{{}}}", element.trim_start_matches('{').trim_end_matches('}')),
    };
    Some(inner.split(separator).filter(|element| !element.is_empty()).map(|element| of(element).into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(key: &'static str, text: &'static str) -> String {
        let mut attributes = [KeyValue::new(key, text)];
        restore_arrays(&mut attributes);
        format!("{}", attributes[0].value)
    }

    #[test]
    fn the_json_of_an_array_becomes_the_array() {
        assert_eq!(restored("aws.dynamodb.table_names", "[\"crudder\",\"other\"]"), "[\"crudder\",\"other\"]");
        let one = "[{\"TableName\":\"crudder\",\"CapacityUnits\":0.5}]";
        let mut attributes = [KeyValue::new("aws.dynamodb.consumed_capacity", one)];
        restore_arrays(&mut attributes);
        let expected = vec![StringValue::from("{\"TableName\":\"crudder\",\"CapacityUnits\":0.5}")];
        assert_eq!(attributes[0].value, Value::Array(Array::String(expected)));
    }

    #[test]
    fn other_text_stays_text() {
        assert_eq!(restored("aws.dynamodb.table_names", "crudder"), "crudder");
        assert_eq!(restored("other", "[\"crudder\"]"), "[\"crudder\"]");
    }
}
