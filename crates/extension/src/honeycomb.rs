//! Honeycomb by OTLP over HTTP: one request a batch, and what its answers mean.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use crudder_otlp::{self as otlp, Field, Fields};
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
        otlp::put_resource_spans(&mut body, &resource, &more, &spans);
        // Once a batch: the counts are of the ring, not of a process.
        more.clear();
    }
    body.into()
}

/// The function's resource, under another service's name when the layer was told one.
fn resource<'a>(bytes: &'a [u8], service: Option<&str>) -> std::borrow::Cow<'a, [u8]> {
    let named = otlp::resource(bytes).iter().any(|attribute| attribute.key == "service.name");
    let service = match service {
        None if named => return bytes.into(),
        service => service.unwrap_or("crudder"),
    };
    let mut renamed = Vec::with_capacity(bytes.len() + service.len());
    for (number, field) in Fields(bytes) {
        let Field::Bytes(pair) = field else { continue };
        let is_name = Fields(pair).any(|field| field == (1, Field::Bytes(b"service.name")));
        if number != 1 || !is_name {
            otlp::put_bytes(&mut renamed, number, pair);
        }
    }
    otlp::put_text(&mut renamed, 1, "service.name", service);
    renamed.into()
}

/// What was lost since a vendor was last told, as attributes of the resource: visible where the spans are missing.
fn lost(losses: &Stats) -> Vec<u8> {
    let mut more = Vec::new();
    let counted = [
        ("crudder.lost.dropped", losses.dropped_in_all()),
        ("crudder.lost.too_large", losses.counter(Counter::TooLarge)),
        ("crudder.lost.holes", losses.counter(Counter::Holes)),
        ("crudder.lost.damaged", losses.counter(Counter::Damaged)),
        ("crudder.lost.refused", losses.counter(Counter::Refused)),
        ("crudder.lost.rejected", losses.counter(Counter::Rejected)),
        ("crudder.dead_lettered", losses.counter(Counter::DeadLettered)),
        ("crudder.doubtful", losses.counter(Counter::Doubtful)),
    ];
    for (name, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        otlp::put_int(&mut more, 1, name, count);
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
            let (rejected, words) = otlp::partial_success(body);
            Answer::Taken { rejected, words }
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
        otlp::put_text(&mut bytes, 1, "service.name", "crudder");
        otlp::put_text(&mut bytes, 1, "faas.name", "home");
        assert_eq!(resource(&bytes, None).as_ref(), bytes.as_slice());
        let renamed = resource(&bytes, Some("other"));
        let attributes = otlp::resource(&renamed);
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
