//! The values of attributes.

use crudder_otlp::write::{fixed64, length_delimited, length_delimited_len, submessage, varint_field, varint_len};
use opentelemetry::{Array, Value};

use super::bounds::{Bounds, cut};

/// Writes an `AnyValue`.
pub(super) fn write_value(out: &mut Vec<u8>, value: &Value, bounds: Bounds) {
    match value {
        Value::String(text) => length_delimited(out, 1, cut(text.as_str(), bounds).as_bytes()),
        Value::Bool(truth) => varint_field(out, 2, u64::from(*truth)),
        Value::I64(whole) => varint_field(out, 3, whole.cast_unsigned()),
        Value::F64(float) => fixed64(out, 4, float.to_bits()),
        Value::Array(array) => submessage(out, 5, array_bytes(array, bounds), |out| write_array(out, array, bounds)),
        // The enum may grow. An unknown variant becomes an empty value, which OTLP allows.
        _ => (),
    }
}

/// The number of bytes that [`write_value`] writes.
pub(super) fn value_bytes(value: &Value, bounds: Bounds) -> usize {
    match value {
        Value::String(text) => length_delimited_len(1, cut(text.as_str(), bounds).len()),
        Value::Bool(_) => 2,
        Value::I64(whole) => 1 + varint_len(whole.cast_unsigned()),
        Value::F64(_) => 9,
        Value::Array(array) => length_delimited_len(5, array_bytes(array, bounds)),
        _ => 0,
    }
}

/// Calls `visit` with each element of an array as a value.
fn each(array: &Array, bounds: Bounds, mut visit: impl FnMut(&Value)) {
    match array {
        Array::Bool(all) => all.iter().take(bounds.members).for_each(|one| visit(&Value::Bool(*one))),
        Array::I64(all) => all.iter().take(bounds.members).for_each(|one| visit(&Value::I64(*one))),
        Array::F64(all) => all.iter().take(bounds.members).for_each(|one| visit(&Value::F64(*one))),
        Array::String(all) => all.iter().take(bounds.members).for_each(|one| visit(&Value::String(one.clone()))),
        _ => (),
    }
}

fn write_array(out: &mut Vec<u8>, array: &Array, bounds: Bounds) {
    each(array, bounds, |one| submessage(out, 1, value_bytes(one, bounds), |out| write_value(out, one, bounds)));
}

fn array_bytes(array: &Array, bounds: Bounds) -> usize {
    let mut sum = 0;
    each(array, bounds, |one| sum += length_delimited_len(1, value_bytes(one, bounds)));
    sum
}
