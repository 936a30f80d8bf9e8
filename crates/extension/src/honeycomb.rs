//! Honeycomb by OTLP over HTTP: one request a batch, and what its answers mean.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use crudder_otlp as otlp;
use crudder_otlp::read::{Field, Fields};
use crudder_recorder::{Counter, ProcessStarted, Reader, SpanIds, Stats, WriterId};

use crate::answer::{Answer, retry_after, speaks_of_throttling};
use crate::config::HoneycombConfig;
use crate::table::Process;
use crate::unit::{Cargo, Unit};

/// An `ExportTraceServiceRequest` of these units, grouped by the process whose spans they are. Payloads are copied as they lie.
pub(crate) fn body(
    units: &[Unit],
    reader: &Reader,
    processes: &std::collections::HashMap<WriterId, Process>,
    service: Option<&str>,
    losses: &Stats,
) -> Bytes {
    let mut by_process: BTreeMap<WriterId, Vec<[&[u8]; 2]>> = BTreeMap::new();
    for unit in units {
        match &unit.cargo {
            Cargo::Recorded { process, trailer, .. } => {
                let Some(record) = reader.record(unit.position) else { continue };
                let Ok((_, span)) = SpanIds::split(record.payload) else { continue };
                by_process.entry(*process).or_default().push([span, trailer]);
            }
            Cargo::Made { process, span } => by_process.entry(*process).or_default().push([span, &[]]),
            Cargo::Item(_) | Cargo::Datagrams { .. } => (),
        }
    }
    let mut more = lost(losses);
    let mut body = Vec::with_capacity(units.iter().map(Unit::bytes).sum::<usize>() + 1024);
    for (writer, spans) in by_process {
        let record = processes.get(&writer).and_then(|process| reader.record(process.position));
        let started = record.and_then(|record| ProcessStarted::decode(record.payload).ok());
        let resource = resource(started.map_or(&[], |started| started.resource), service);
        otlp::write::resource_spans(&mut body, [&resource, &more], "crudder", &spans);
        // Once a batch: the counts are of the ring, not of a process.
        more.clear();
    }
    body.into()
}

/// The function's resource, under another service's name when the layer was told one.
fn resource<'a>(bytes: &'a [u8], service: Option<&str>) -> std::borrow::Cow<'a, [u8]> {
    let named = otlp::read::resource(bytes).iter().any(|attribute| attribute.key == "service.name");
    let service = match service {
        None if named => return bytes.into(),
        service => service.unwrap_or("crudder"),
    };
    let mut renamed = Vec::with_capacity(bytes.len() + service.len());
    for (number, field) in Fields::new(bytes) {
        let Field::LengthDelimited(pair) = field else { continue };
        let is_name = Fields::new(pair).any(|field| field == (1, Field::LengthDelimited(b"service.name")));
        if number != 1 || !is_name {
            otlp::write::length_delimited(&mut renamed, number, pair);
        }
    }
    otlp::write::string_attribute(&mut renamed, 1, "service.name", service);
    renamed.into()
}

/// What was lost since a vendor was last told, as attributes of the resource: visible where the spans are missing.
fn lost(losses: &Stats) -> Vec<u8> {
    let mut more = Vec::new();
    let counted = [
        ("crudder.lost.dropped", losses.dropped_total()),
        ("crudder.lost.too_large", losses.counter(Counter::TooLarge)),
        ("crudder.lost.holes", losses.counter(Counter::Holes)),
        ("crudder.lost.damaged", losses.counter(Counter::Damaged)),
        ("crudder.lost.refused", losses.counter(Counter::Unauthorized)),
        ("crudder.lost.rejected", losses.counter(Counter::Rejected)),
        ("crudder.dead_lettered", losses.counter(Counter::DeadLettered)),
        ("crudder.doubtful", losses.counter(Counter::PossibleDuplicates)),
    ];
    for (name, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        otlp::write::int_attribute(&mut more, 1, name, count.cast_signed());
    }
    more
}

pub(crate) fn request(
    client: &reqwest::Client,
    config: &HoneycombConfig,
    key: &str,
    body: Bytes,
    packed: bool,
) -> reqwest::RequestBuilder {
    let mut request = client
        .post(format!("{}/v1/traces", config.endpoint.trim_end_matches('/')))
        .header("x-honeycomb-team", key)
        .header("content-type", "application/x-protobuf")
        .body(body);
    if packed {
        request = request.header("content-encoding", "gzip");
    }
    if let Some(dataset) = config.dataset.as_deref().filter(|_| is_classic(key)) {
        request = request.header("x-honeycomb-dataset", dataset);
    }
    request
}

/// 32 hexadecimal digits, or `hc?ic_` and 58 more characters.
fn is_classic(key: &str) -> bool {
    (key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        || (key.len() == 64 && key.starts_with("hc") && key.get(3..6) == Some("ic_"))
}

/// What an answer means (OTLP specification, "Retryable Response Codes"; Honeycomb's own 401 and 403).
pub(crate) fn read(status: u16, retry: Option<&str>, body: &[u8], now: SystemTime) -> Answer {
    let later = || Answer::Later { after: retry.and_then(|value| retry_after(value, now)) };
    match status {
        200..=299 => {
            let partial = otlp::read::partial_success(body);
            Answer::Taken { rejected: partial.rejected_spans, words: partial.error_message.to_owned() }
        }
        403 if speaks_of_throttling(body) => later(),
        401 | 403 => Answer::KeyRefused { status },
        429 | 502 | 503 | 504 => later(),
        500 => Answer::Broken,
        _ => Answer::Never { status, may_be_one: matches!(status, 400 | 413) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_status_means_what_the_reference_says() {
        let now = SystemTime::UNIX_EPOCH;
        let read = |status, body: &str| super::read(status, Some("3"), body.as_bytes(), now);
        let later = Answer::Later { after: Some(Duration::from_secs(3)) };
        for status in [429, 502, 503, 504] {
            assert_eq!(read(status, ""), later, "{status}");
        }
        assert_eq!(read(403, "Event dropped due to administrative throttling"), later);
        assert_eq!(read(403, "the API key lacks the permission"), Answer::KeyRefused { status: 403 });
        assert_eq!(read(401, "unknown API key"), Answer::KeyRefused { status: 401 });
        assert_eq!(read(400, ""), Answer::Never { status: 400, may_be_one: true });
        assert_eq!(read(404, ""), Answer::Never { status: 404, may_be_one: false });
        assert_eq!(read(500, ""), Answer::Broken);
        assert_eq!(read(200, ""), Answer::Taken { rejected: 0, words: String::new() });
        let partial = "\x0a\x06\x08\x02\x12\x02no";
        assert_eq!(read(200, partial), Answer::Taken { rejected: 2, words: "no".into() });
    }

    #[test]
    fn a_resource_keeps_its_name_unless_the_layer_has_another() {
        let mut bytes = Vec::new();
        otlp::write::string_attribute(&mut bytes, 1, "service.name", "crudder");
        otlp::write::string_attribute(&mut bytes, 1, "faas.name", "home");
        assert_eq!(resource(&bytes, None).as_ref(), bytes.as_slice());
        let renamed = resource(&bytes, Some("other"));
        let attributes = otlp::read::resource(&renamed);
        let named: Vec<_> = attributes.iter().map(|attribute| (attribute.key, &attribute.value)).collect();
        use crudder_otlp::Value::Str;
        assert_eq!(named, [("faas.name", &Str("home")), ("service.name", &Str("other"))]);
    }

    #[test]
    fn only_classic_keys_are_classic() {
        assert!(is_classic("0123456789abcdef0123456789abcdef"));
        assert!(is_classic(&format!("hcaic_{}", "a".repeat(58))));
        assert!(!is_classic(&format!("hcaik_{}", "a".repeat(58))));
        assert!(!is_classic("1234567890123456789012"));
    }
}
