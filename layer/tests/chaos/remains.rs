//! What an environment left in its folder: what its fixtures swore to, and what its ring and its spool still hold.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use crudder_fakes::TraceId;
use crudder_recorder::{Kind, Reader, Sink, SpanIds};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// Spans that started, noted by the fixtures in a way that is not the layer's.
pub(crate) fn sworn(folder: &Path) -> BTreeSet<(TraceId, String)> {
    let text = std::fs::read_to_string(folder.join("tmp/witness")).unwrap_or_default();
    let pair = |line: &str| {
        let (trace, span) = line.split_once(' ')?;
        Some((trace.parse().ok()?, span.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// Spans that the ring holds and Honeycomb was not told.
pub(crate) fn in_ring(folder: &Path) -> BTreeSet<String> {
    let mut undelivered = BTreeSet::new();
    let path = folder.join("tmp/crudder.recorder");
    // An environment that was taken away before its layer came up has none.
    if !path.exists() {
        return undelivered;
    }
    let mut reader = Reader::open(&path, 0).expect("nobody is left who reads it");
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

/// Spans that wait in the spool: the ring was half full while Honeycomb would not have them, and counts them as done with (D6).
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
