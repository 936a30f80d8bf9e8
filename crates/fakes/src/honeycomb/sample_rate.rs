//! The sample rate of a span: how many spans one span represents.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::{Map, Value};

use super::values;

/// The sample rate of a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SampleRate {
    /// One span of so many was kept. 1 if the span has no rate.
    OneIn(u64),
    /// The rate is not a number or is below 1. Honeycomb reads it as 1.
    Invalid,
}

impl SampleRate {
    pub(super) fn one_in(self) -> u64 {
        match self {
            Self::OneIn(rate) => rate,
            Self::Invalid => 1,
        }
    }
}

/// Reads the sample rate of a span.
///
/// The attribute of span or resource comes first (`sampleRate` before `SampleRate`), then the
/// threshold in the trace state, then 1 (husky).
pub(super) fn read(span: &[KeyValue], resource: &Map<String, Value>, trace_state: &str) -> SampleRate {
    let of_span =
        |name: &str| span.iter().rfind(|pair| pair.key == name).map(|pair| values::value(pair.value.as_ref()));
    let attribute =
        ["sampleRate", "SampleRate"].iter().find_map(|name| of_span(name).or_else(|| resource.get(*name).cloned()));
    match attribute {
        Some(value) => number(&value).map_or(SampleRate::Invalid, SampleRate::OneIn),
        None => threshold(trace_state).map_or(SampleRate::OneIn(1), SampleRate::OneIn),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and a number below 1 is rejected first"
)]
fn number(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    (number.round() >= 1.0).then(|| number.round() as u64)
}

/// Reads OpenTelemetry's threshold `ot=th:<hex>`: of 2^56 random values those below it are dropped.
///
/// Its trailing zeroes may be left out.
fn threshold(trace_state: &str) -> Option<u64> {
    let entry = trace_state.split(',').find_map(|entry| entry.trim().strip_prefix("ot="))?;
    let digits = entry.split(';').find_map(|part| part.strip_prefix("th:"))?;
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

    fn read_json(span: Value, resource: Value, trace_state: &str) -> SampleRate {
        let span: Vec<_> = span.as_object().unwrap().iter().map(|(key, value)| pair(key, value)).collect();
        read(&span, resource.as_object().unwrap(), trace_state)
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
    fn the_rate_is_read_from_span_then_resource_then_trace_state() {
        let span = json!({"sampleRate": 7, "SampleRate": 9});
        assert_eq!(read_json(span, json!({"SampleRate": 3}), ""), SampleRate::OneIn(7));
        assert_eq!(read_json(json!({}), json!({"SampleRate": 3}), "ot=th:8"), SampleRate::OneIn(3));
        assert_eq!(read_json(json!({}), json!({}), "x=y,ot=th:8;rv:1"), SampleRate::OneIn(2));
        assert_eq!(read_json(json!({}), json!({}), ""), SampleRate::OneIn(1));
    }

    #[test]
    fn numeric_texts_and_floats_are_valid_and_other_values_are_not() {
        assert_eq!(read_json(json!({"SampleRate": "20"}), json!({}), ""), SampleRate::OneIn(20));
        assert_eq!(read_json(json!({"SampleRate": 19.6}), json!({}), ""), SampleRate::OneIn(20));
        for bad in [json!("1/20"), json!(0), json!(-4), json!(true), json!("NaN")] {
            assert_eq!(read_json(json!({"SampleRate": bad}), json!({}), ""), SampleRate::Invalid);
        }
    }
}
