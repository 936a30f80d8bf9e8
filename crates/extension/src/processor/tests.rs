//! The processor with a ring that a test writes to.

use crudder_recorder::{InvocationEnded, Kind, Outcome, SpanIds, Writer};
use tempfile::TempDir;

use super::*;

/// Returns a processor and a function that writes to the same ring.
fn processor() -> (Processor, Writer, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ring = folder.path().join("ring");
    let config = Config::read(|name| match name {
        "AWS_LAMBDA_RUNTIME_API" => Some("127.0.0.1:1".to_owned()),
        "CRUDDER_RECORDER" => Some(ring.display().to_string()),
        _ => None,
    });
    let processor = Processor::new(config.unwrap(), Reader::open(&ring, 1 << 16).unwrap(), Instant::now());
    let writer = Writer::open(&ring, 1 << 16).unwrap();
    (processor, writer, folder)
}

fn end(writer: &Writer, index: u32, request_id: &str) {
    let mut payload = Vec::new();
    InvocationEnded { ended_unix_nano: 1, outcome: Outcome::Succeeded, request_id }.encode(&mut payload);
    writer.write(Kind::InvocationEnded, index, &[&payload]).unwrap();
}

#[tokio::test]
async fn an_end_whose_start_was_dropped_ends_its_own_invocation() {
    let (mut processor, writer, _folder) = processor();
    let now = Instant::now();
    processor.absorb(now);
    assert!(!processor.is_over("served"));
    end(&writer, 1, "served");
    processor.absorb(now);
    assert!(processor.is_over("served"));
    assert!(!processor.is_over("the next"));
}

#[tokio::test]
async fn an_end_with_an_open_span_ends_only_its_own_invocation() {
    let (mut processor, writer, _folder) = processor();
    let ids = SpanIds { trace: [1; 16], span: [2; 8], parent: [0; 8] };
    writer.write(Kind::SpanStarted, 1, &[&ids.encode()]).unwrap();
    end(&writer, 1, "served");
    processor.absorb(Instant::now());
    assert!(processor.is_over("served"));
    assert!(!processor.is_over("the next"));
}

#[tokio::test]
async fn an_end_after_an_early_export_ends_only_its_own_invocation() {
    let (mut processor, writer, _folder) = processor();
    let now = Instant::now();
    processor.export_ended_spans("served", now);
    end(&writer, 1, "served");
    processor.absorb(now);
    assert!(!processor.is_over("the next"));
    end(&writer, 2, "the next");
    processor.absorb(now);
    assert!(processor.is_over("the next"));
}
