//! Encodes an `ExportTraceServiceRequest`. The spans of the ring are copied without being decoded.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use crudder_otlp::read::{self, Field, Fields};
use crudder_otlp::write;
use crudder_recorder::{Counter, ProcessStarted, SpanIds, Stats, WriterId};

use super::super::defaults::SCOPE_NAME;
use super::super::exporter::Batch;
use super::super::item::Item;

/// Encodes a batch, grouped by the processes of its spans. `service` replaces the service name of
/// every resource, `default` names a service that has no name.
pub(super) fn encode(batch: &Batch<'_>, service: Option<&str>, default: &str) -> Bytes {
    let mut by_process: BTreeMap<WriterId, Vec<[&[u8]; 2]>> = BTreeMap::new();
    for item in batch.items {
        let Some(writer) = item.process else { continue };
        let Some(parts) = span_parts(item, batch) else { continue };
        by_process.entry(writer).or_default().push(parts);
    }
    let mut losses = loss_attributes(batch.losses);
    let mut body = Vec::with_capacity(batch.items.iter().map(Item::bytes).sum::<usize>() + 1024);
    for (writer, spans) in by_process {
        let record = batch.processes.get(&writer).and_then(|process| batch.reader.record(process.position));
        let started = record.and_then(|record| ProcessStarted::decode(record.payload).ok());
        let resource = resource(started.map_or(&[], |started| started.resource), service, default);
        write::resource_spans(&mut body, [&resource, &losses], SCOPE_NAME, &spans);
        // Once per request: the counters belong to the ring, not to a process.
        losses.clear();
    }
    body.into()
}

/// Returns the two parts of a span: the recorded message and what the extension appended, or one
/// made by the extension.
fn span_parts<'a>(item: &'a Item, batch: &Batch<'a>) -> Option<[&'a [u8]; 2]> {
    if item.record_bytes.is_none() {
        return Some([&item.payload.body, &[]]);
    }
    let record = batch.reader.record(item.position)?;
    let (_, span) = SpanIds::split(record.payload).ok()?;
    Some([span, &item.payload.body])
}

/// Returns the function's resource, with the service name replaced if the configuration names one.
fn resource<'a>(resource: &'a [u8], service: Option<&str>, default: &str) -> Cow<'a, [u8]> {
    let is_named = read::resource(resource).iter().any(|attribute| attribute.key == "service.name");
    let service = match service {
        None if is_named => return resource.into(),
        service => service.unwrap_or(default),
    };
    let mut renamed = Vec::with_capacity(resource.len() + service.len());
    for (number, field) in Fields::new(resource) {
        let Field::LengthDelimited(pair) = field else { continue };
        let is_name = Fields::new(pair).any(|field| field == (1, Field::LengthDelimited(b"service.name")));
        if number != 1 || !is_name {
            write::length_delimited(&mut renamed, number, pair);
        }
    }
    write::string_attribute(&mut renamed, 1, "service.name", service);
    renamed.into()
}

/// Returns the losses that were not reported yet as resource attributes, so that they are visible
/// where the spans are missing.
fn loss_attributes(losses: &Stats) -> Vec<u8> {
    let counts = [
        ("crudder.lost.dropped", losses.dropped_total()),
        ("crudder.lost.too_large", losses.counter(Counter::TooLarge)),
        ("crudder.lost.holes", losses.counter(Counter::Holes)),
        ("crudder.lost.damaged", losses.counter(Counter::Damaged)),
        ("crudder.lost.refused", losses.counter(Counter::Unauthorized)),
        ("crudder.lost.rejected", losses.counter(Counter::Rejected)),
        ("crudder.dead_lettered", losses.counter(Counter::DeadLettered)),
        ("crudder.doubtful", losses.counter(Counter::PossibleDuplicates)),
    ];
    let mut attributes = Vec::new();
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        write::int_attribute(&mut attributes, 1, name, count.cast_signed());
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crudder_otlp::Value;

    #[test]
    fn a_resource_keeps_its_service_name_unless_the_configuration_has_another() {
        let mut bytes = Vec::new();
        write::string_attribute(&mut bytes, 1, "service.name", "crudder");
        write::string_attribute(&mut bytes, 1, "faas.name", "home");
        assert_eq!(resource(&bytes, None, "default").as_ref(), bytes.as_slice());
        let renamed = resource(&bytes, Some("other"), "default");
        let attributes = read::resource(&renamed);
        let named: Vec<_> = attributes.iter().map(|attribute| (attribute.key, &attribute.value)).collect();
        assert_eq!(named, [("faas.name", &Value::Str("home")), ("service.name", &Value::Str("other"))]);
    }
}
