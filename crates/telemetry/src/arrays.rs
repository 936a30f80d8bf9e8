//! Attributes that are arrays by the conventions and texts by `tracing`, whose fields hold none: a text that is their JSON becomes the
//! array.

use opentelemetry::{Array, KeyValue, StringValue, Value};

/// OpenTelemetry's arrays of strings for DynamoDB, each with what joins its elements.
const ARRAYS: [(&str, &str); 2] = [("aws.dynamodb.table_names", ","), ("aws.dynamodb.consumed_capacity", "},{")];

/// Makes arrays again of `["a","b"]` (names, which hold no commas) and of `[{…},{…}]` (flat objects, each its own text).
pub(crate) fn restore(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let Some((_, joint)) = ARRAYS.iter().find(|(key, _)| *key == attribute.key.as_str()) else { continue };
        let Value::String(text) = &attribute.value else { continue };
        if let Some(elements) = elements(text.as_str(), joint) {
            attribute.value = Value::Array(Array::String(elements));
        }
    }
}

fn elements(text: &str, joint: &str) -> Option<Vec<StringValue>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let of = |element: &str| match joint {
        "," => element.trim().trim_matches('"').to_owned(),
        _ => format!("{{{}}}", element.trim_start_matches('{').trim_end_matches('}')),
    };
    Some(inner.split(joint).filter(|element| !element.is_empty()).map(|element| of(element).into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(key: &'static str, text: &'static str) -> String {
        let mut attributes = [KeyValue::new(key, text)];
        restore(&mut attributes);
        format!("{}", attributes[0].value)
    }

    #[test]
    fn the_json_of_an_array_becomes_the_array() {
        assert_eq!(restored("aws.dynamodb.table_names", "[\"crudder\",\"other\"]"), "[\"crudder\",\"other\"]");
        let one = "[{\"TableName\":\"crudder\",\"CapacityUnits\":0.5}]";
        let mut attributes = [KeyValue::new("aws.dynamodb.consumed_capacity", one)];
        restore(&mut attributes);
        let expected = vec![StringValue::from("{\"TableName\":\"crudder\",\"CapacityUnits\":0.5}")];
        assert_eq!(attributes[0].value, Value::Array(Array::String(expected)));
    }

    #[test]
    fn a_text_that_is_none_stays() {
        assert_eq!(restored("aws.dynamodb.table_names", "crudder"), "crudder");
        assert_eq!(restored("other", "[\"crudder\"]"), "[\"crudder\"]");
    }
}
