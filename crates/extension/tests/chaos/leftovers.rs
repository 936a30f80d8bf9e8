//! What an environment left in its folder: the spans that started, and those that its ring and its
//! spool still hold.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use crudder_fakes::TraceId;
use crudder_recorder::{Kind, Reader, Sink, SpanIds};
use crudder_text::hex;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// Returns the spans that started. The fixture notes them in a file of its own, independently of
/// the recorder.
pub(crate) fn started_spans(folder: &Path) -> BTreeSet<(TraceId, String)> {
    let text = std::fs::read_to_string(folder.join("tmp/started-spans")).unwrap_or_default();
    let pair = |line: &str| {
        let (trace, span) = line.split_once(' ')?;
        Some((trace.parse().ok()?, span.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// Returns the spans that the ring holds and Honeycomb has not accepted.
pub(crate) fn in_ring(folder: &Path) -> BTreeSet<String> {
    let mut undelivered = BTreeSet::new();
    let path = folder.join("tmp/crudder.recorder");
    // An environment that was discarded before its extension started has no ring.
    if !path.exists() {
        return undelivered;
    }
    let mut reader = Reader::open(&path, 0).expect("no other process reads it");
    let mut found = Vec::new();
    while let Some(record) = reader.read() {
        if matches!(record.kind, Kind::SpanStarted | Kind::SpanEnded)
            && let Ok((ids, _)) = SpanIds::split(record.payload)
        {
            found.push((record.position, ids.span));
        }
    }
    for (position, span) in found {
        if !reader.is_resolved_for(position, Sink::new(0)) {
            undelivered.insert(hex(&span));
        }
    }
    undelivered
}

/// Returns the spans in the spool. The ring was half full while Honeycomb did not accept them; it
/// counts them as resolved (docs/delivery.md, D6).
pub(crate) fn in_spool(folder: &Path) -> BTreeSet<String> {
    let mut waiting = BTreeSet::new();
    for entry in std::fs::read_dir(folder.join("tmp/crudder.recorder.spool")).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with("honeycomb-") {
            continue;
        }
        let mut body = Vec::new();
        let packed = std::fs::read(entry.path()).expect("a spooled batch");
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut body).expect("gzip");
        let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("an OTLP request");
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        waiting.extend(scopes.flat_map(|scope| scope.spans).map(|span| hex(&span.span_id)));
    }
    waiting
}
