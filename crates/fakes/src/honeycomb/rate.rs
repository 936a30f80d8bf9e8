//! The sample rate of a span: how many events one event stands for.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::{Map, Value};

use super::values;

/// What a span says of its rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rate {
    /// One in so many. Without any word: 1.
    OneIn(u64),
    /// Something is said that is no number, or below 1; Honeycomb takes it for 1.
    Unsound,
}

impl Rate {
    pub(super) fn one_in(self) -> u64 {
        match self {
            Self::OneIn(rate) => rate,
            Self::Unsound => 1,
        }
    }
}

/// The rate of a span: the attribute on span or resource (`sampleRate` before `SampleRate`), else the threshold in its trace state, else 1 (HUSKY).
pub(super) fn rate(span: &[KeyValue], resource: &Map<String, Value>, trace_state: &str) -> Rate {
    let own = |name: &str| span.iter().rfind(|pair| pair.key == name).map(|pair| values::value(pair.value.as_ref()));
    let named = ["sampleRate", "SampleRate"].iter().find_map(|name| own(name).or_else(|| resource.get(*name).cloned()));
    match named {
        Some(value) => number(&value).map_or(Rate::Unsound, Rate::OneIn),
        None => threshold(trace_state).map_or(Rate::OneIn(1), Rate::OneIn),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and below 1 is refused first"
)]
fn number(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    (number.round() >= 1.0).then(|| number.round() as u64)
}

/// OpenTelemetry's threshold `ot=th:<hex>`: of 2^56 random values those below it are dropped. Trailing zeroes are left out.
fn threshold(trace_state: &str) -> Option<u64> {
    let own = trace_state.split(',').find_map(|entry| entry.trim().strip_prefix("ot="))?;
    let digits = own.split(';').find_map(|part| part.strip_prefix("th:"))?;
    if digits.is_empty() || digits.len() > 14 {
        return None;
    }
    let dropped = u64::from_str_radix(&format!("{digits:0<14}"), 16).ok()?;
    (1_u64 << 56).checked_div((1_u64 << 56) - dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
    use serde_json::json;

    fn said(span: Value, resource: Value, trace_state: &str) -> Rate {
        let span: Vec<_> = span.as_object().unwrap().iter().map(|(key, value)| pair(key, value)).collect();
        rate(&span, resource.as_object().unwrap(), trace_state)
    }

    fn pair(key: &str, value: &Value) -> KeyValue {
        let value = match value {
            Value::String(text) => any_value::Value::StringValue(text.clone()),
            Value::Bool(is) => any_value::Value::BoolValue(*is),
            other => other
                .as_i64()
                .map_or(any_value::Value::DoubleValue(other.as_f64().unwrap()), any_value::Value::IntValue),
        };
        KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
    }

    #[test]
    fn the_attribute_is_read_from_span_then_resource_then_trace_state() {
        assert_eq!(said(json!({"sampleRate": 7, "SampleRate": 9}), json!({"SampleRate": 3}), ""), Rate::OneIn(7));
        assert_eq!(said(json!({}), json!({"SampleRate": 3}), "ot=th:8"), Rate::OneIn(3));
        assert_eq!(said(json!({}), json!({}), "x=y,ot=th:8;rv:1"), Rate::OneIn(2));
        assert_eq!(said(json!({}), json!({}), ""), Rate::OneIn(1));
    }

    #[test]
    fn numeric_texts_and_floats_count_and_other_things_are_unsound() {
        assert_eq!(said(json!({"SampleRate": "20"}), json!({}), ""), Rate::OneIn(20));
        assert_eq!(said(json!({"SampleRate": 19.6}), json!({}), ""), Rate::OneIn(20));
        for bad in [json!("1/20"), json!(0), json!(-4), json!(true), json!("NaN")] {
            assert_eq!(said(json!({"SampleRate": bad}), json!({}), ""), Rate::Unsound);
        }
    }
}
