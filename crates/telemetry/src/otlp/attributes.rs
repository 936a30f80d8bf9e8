//! Attributes: of spans, events, links and resources.

use crudder_otlp::write::{length_delimited, length_delimited_len, submessage};
use opentelemetry::{Key, KeyValue, Value};

use super::bounds::{Bounds, cut};
use super::value::{value_bytes, write_value};

/// The attributes that are written. Keys must be unique: of two with one key the later is kept.
pub(super) fn kept(all: &[KeyValue], bounds: Bounds) -> impl Iterator<Item = &KeyValue> {
    unique(all).take(bounds.members)
}

fn unique(all: &[KeyValue]) -> impl Iterator<Item = &KeyValue> {
    let is_last = |at: usize, key: &Key| !all[at + 1..].iter().any(|later| later.key == *key);
    all.iter().enumerate().filter(move |(at, pair)| is_last(*at, &pair.key)).map(|(_, pair)| pair)
}

/// The number of attributes that are dropped, by the SDK (`counted`) or by the bounds.
pub(super) fn dropped_attributes(counted: u32, all: &[KeyValue], bounds: Bounds) -> u64 {
    u64::from(counted) + unique(all).count().saturating_sub(bounds.members) as u64
}

/// Writes attributes; returns how many the bounds drop.
pub(super) fn write_attributes(out: &mut Vec<u8>, field: u32, all: &[KeyValue], bounds: Bounds) -> usize {
    for pair in kept(all, bounds) {
        let size = pair_bytes(&pair.key, &pair.value, bounds);
        submessage(out, field, size, |out| write_pair(out, &pair.key, &pair.value, bounds));
    }
    if all.len() > bounds.members { unique(all).count().saturating_sub(bounds.members) } else { 0 }
}

/// Returns the key without the prefix of annotations, which is for X-Ray only.
fn plain(key: &Key) -> &str {
    key.as_str().strip_prefix(crudder_xray::ANNOTATION_PREFIX).unwrap_or(key.as_str())
}

/// Writes a `KeyValue`.
pub(super) fn write_pair(out: &mut Vec<u8>, key: &Key, value: &Value, bounds: Bounds) {
    length_delimited(out, 1, cut(plain(key), bounds).as_bytes());
    submessage(out, 2, value_bytes(value, bounds), |out| write_value(out, value, bounds));
}

/// The number of bytes that [`write_pair`] writes.
pub(super) fn pair_bytes(key: &Key, value: &Value, bounds: Bounds) -> usize {
    length_delimited_len(1, cut(plain(key), bounds).len()) + length_delimited_len(2, value_bytes(value, bounds))
}
