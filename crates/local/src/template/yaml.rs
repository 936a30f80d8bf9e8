//! Reads YAML with CloudFormation's tags as plain JSON.
//!
//! `!Sub x` becomes `{"Fn::Sub": "x"}`, so that the other modules know one form only.

use serde_json::{Map, Value};
use yaml_serde::Value as Yaml;

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Value, yaml_serde::Error> {
    yaml_serde::from_str::<Yaml>(text).map(to_json)
}

fn to_json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(value) => number(&value),
        Yaml::String(value) => Value::String(value),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(to_json).collect()),
        Yaml::Mapping(pairs) => {
            Value::Object(pairs.into_iter().map(|(key, value)| (key_text(&key), to_json(value))).collect())
        }
        Yaml::Tagged(tagged) => function(&tagged.tag.to_string(), to_json(tagged.value)),
    }
}

fn number(value: &yaml_serde::Number) -> Value {
    value
        .as_u64()
        .map(Value::from)
        .or_else(|| value.as_i64().map(Value::from))
        .or_else(|| value.as_f64().map(Value::from))
        .unwrap_or_default()
}

/// Returns a key as text. In CloudFormation a key is a string, but YAML reads `404:` as a number.
fn key_text(key: &Yaml) -> String {
    match to_json(key.clone()) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Returns the long form of a tag. `!Ref` and `!Condition` have no `Fn::`, and `!GetAtt a.b` has a
/// list of two.
fn function(tag: &str, argument: Value) -> Value {
    let tag = tag.trim_start_matches('!');
    let (name, argument) = match tag {
        "Ref" | "Condition" => (tag.to_owned(), argument),
        "GetAtt" => ("Fn::GetAtt".to_owned(), attribute(argument)),
        _ => (format!("Fn::{tag}"), argument),
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

fn attribute(argument: Value) -> Value {
    match argument.as_str().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) => Value::from(vec![resource, attribute]),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_become_the_long_form() {
        let text = "a: !Ref X\nb: !Sub '${X}-y'\nc: !GetAtt T.Arn\nd: !If [C, 1, !Ref Y]\ne: {Ref: Z}\n404: yes";
        let wanted = json!({
            "a": {"Ref": "X"}, "b": {"Fn::Sub": "${X}-y"}, "c": {"Fn::GetAtt": ["T", "Arn"]},
            "d": {"Fn::If": ["C", 1, {"Ref": "Y"}]}, "e": {"Ref": "Z"}, "404": "yes",
        });
        assert_eq!(read(text).unwrap(), wanted);
    }

    #[test]
    fn malformed_yaml_is_an_error_with_its_line() {
        let message = read("a: [1, 2\nb: 3").unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
