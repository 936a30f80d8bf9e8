//! Names of sinks in the file header: which batch numbers a reader keeps after a restart, and which
//! it resets.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crudder_recorder::{DEFAULT_BYTES, Kind, OpenError, PENDING, Reader, SKIPPED, Sink, Writer};

const FIRST: Sink = Sink::new(0);
const SECOND: Sink = Sink::new(1);
const THIRD: Sink = Sink::new(2);

struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
    _writer: Writer,
}

/// A ring with three records.
fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring");
    let writer = Writer::open(&path, DEFAULT_BYTES).expect("a writer");
    for text in ["one", "two", "three"] {
        writer.write(Kind::Event, 1, &[text.as_bytes()]).expect("space");
    }
    Fixture { _folder: folder, path, _writer: writer }
}

fn open(path: &Path, names: &[&str]) -> Reader {
    Reader::open(path, DEFAULT_BYTES).expect("a ring").with_sinks(names).expect("valid names")
}

fn read_all(reader: &mut Reader) -> Vec<u64> {
    std::iter::from_fn(|| reader.read().map(|record| record.position)).collect()
}

fn batches(reader: &Reader, positions: &[u64], sink: Sink) -> Vec<u32> {
    positions.iter().map(|position| reader.batch(*position, sink)).collect()
}

/// The name of a sink by the description of the layout, without the padding.
fn stored_name(path: &Path, sink: Sink) -> String {
    let mut name = [0; 16];
    let file = std::fs::File::open(path).expect("the file");
    file.read_exact_at(&mut name, 832 + 16 * sink.index() as u64).expect("a header");
    String::from_utf8(name.to_vec()).expect("UTF-8").trim_end_matches('\0').to_owned()
}

/// Opens the ring with these sinks; for each sink, the three records are acknowledged, skipped and
/// in flight.
fn export(path: &Path, names: &[&str]) -> Vec<u64> {
    let mut reader = open(path, names);
    let positions = read_all(&mut reader);
    for sink in Sink::ALL.into_iter().take(names.len()) {
        for (position, batch) in positions.iter().zip([5, SKIPPED, 6]) {
            reader.set_batch(*position, sink, batch);
        }
        reader.set_attempted(sink, 6);
        reader.set_acknowledged(sink, 5);
    }
    positions
}

#[test]
fn the_header_has_the_names_of_the_sinks() {
    let fixture = fixture();
    export(&fixture.path, &["honeycomb", "sixteen bytes ok"]);
    assert_eq!(stored_name(&fixture.path, FIRST), "honeycomb");
    assert_eq!(stored_name(&fixture.path, SECOND), "sixteen bytes ok");
    assert_eq!(stored_name(&fixture.path, THIRD), "");
}

#[test]
fn a_restart_with_the_same_sinks_keeps_their_batch_numbers() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a", "b"]);
    let mut reader = open(&fixture.path, &["a", "b"]);
    assert_eq!(read_all(&mut reader), positions);
    for sink in [FIRST, SECOND] {
        assert_eq!(batches(&reader, &positions, sink), [5, SKIPPED, 6]);
        assert_eq!((reader.acknowledged(sink), reader.attempted(sink)), (5, 6));
    }
}

#[test]
fn a_renamed_sink_starts_again_and_the_others_keep_their_batch_numbers() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a", "b"]);
    let mut reader = open(&fixture.path, &["a", "c"]);
    assert_eq!(read_all(&mut reader), positions);
    assert_eq!(batches(&reader, &positions, FIRST), [5, SKIPPED, 6]);
    assert_eq!(batches(&reader, &positions, SECOND), [PENDING; 3]);
    assert_eq!((reader.acknowledged(SECOND), reader.attempted(SECOND)), (1, 1));
    assert_eq!(reader.free_resolved(), positions[0], "the new sink has had none of the records");
    assert_eq!(stored_name(&fixture.path, SECOND), "c");
}

#[test]
fn sinks_in_another_order_start_again() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a", "b"]);
    let mut reader = open(&fixture.path, &["b", "a"]);
    assert_eq!(read_all(&mut reader), positions);
    for sink in [FIRST, SECOND] {
        assert_eq!(batches(&reader, &positions, sink), [PENDING; 3]);
    }
}

#[test]
fn an_added_sink_gets_every_record_that_is_still_in_the_ring() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a"]);
    let mut reader = open(&fixture.path, &["a", "b"]);
    assert_eq!(read_all(&mut reader), positions);
    assert_eq!(batches(&reader, &positions, FIRST), [5, SKIPPED, 6]);
    assert_eq!(batches(&reader, &positions, SECOND), [PENDING; 3]);
    assert_eq!(reader.free_resolved(), positions[0]);
}

#[test]
fn a_removed_sink_holds_no_record_back_and_continues_when_it_is_added_again() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a", "b"]);
    let mut reader = open(&fixture.path, &["a"]);
    read_all(&mut reader);
    // A removed sink holds no record back.
    reader.set_batch(positions[0], SECOND, PENDING);
    assert_eq!(reader.free_resolved(), positions[2], "only the last record is in flight");
    drop(reader);
    let mut reader = open(&fixture.path, &["a", "b"]);
    assert_eq!(read_all(&mut reader), positions[2..]);
    assert_eq!(batches(&reader, &positions[2..], SECOND), [6]);
    assert_eq!((reader.acknowledged(SECOND), reader.attempted(SECOND)), (5, 6));
}

#[test]
fn a_reader_that_dies_before_it_has_read_everything_resets_again_after_the_restart() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a"]);
    let mut reader = open(&fixture.path, &["b"]);
    assert_eq!(reader.read().expect("a record").position, positions[0]);
    drop(reader);
    assert_eq!(stored_name(&fixture.path, FIRST), "", "the batch numbers belong to no sink yet");
    for name in ["b", "a"] {
        let mut reader = open(&fixture.path, &[name]);
        assert_eq!(read_all(&mut reader), positions);
        assert_eq!(batches(&reader, &positions, FIRST), [PENDING; 3], "{name}");
    }
}

#[test]
fn a_record_that_is_relocated_during_the_reset_stays_pending() {
    let fixture = fixture();
    let positions = export(&fixture.path, &["a"]);
    let mut reader = open(&fixture.path, &["b"]);
    reader.read().expect("a record");
    let copy = reader.relocate(positions[0]).expect("space").expect("a record");
    assert_eq!(read_all(&mut reader), [positions[1], positions[2], copy]);
    assert_eq!(batches(&reader, &[positions[0], positions[1], copy], FIRST), [SKIPPED, PENDING, PENDING]);
    assert_eq!(stored_name(&fixture.path, FIRST), "b");
}

#[test]
fn invalid_names_are_refused() {
    let fixture = fixture();
    for names in [&["a", ""][..], &["a", "a"], &["seventeen bytes no"], &["a"; 8]] {
        let reader = Reader::open(&fixture.path, DEFAULT_BYTES).expect("a ring");
        let refused = reader.with_sinks(names).expect_err("invalid names");
        assert!(matches!(refused, OpenError::InvalidSinks { .. }), "{names:?}: {refused}");
    }
}
