//! Rings in real files: who may open them, and what a reader finds after a restart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crudder_recorder::{
    Counter, DEFAULT_BYTES, Doorbell, Dropped, Kind, OpenError, PENDING, Reader, SKIPPED, Sink, Writer,
};

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring");
    Place { _folder: folder, path }
}

fn payloads(reader: &mut Reader) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(record) = reader.read() {
        all.push(record.payload.to_vec());
    }
    all
}

#[test]
fn the_first_process_creates_the_ring_and_allocates_it_in_full() {
    use std::os::unix::fs::MetadataExt;
    let place = place();
    let writer = Writer::open(&place.path, 100_000).expect("a writer");
    assert!(!writer.reader_attached());
    let reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    assert!(writer.reader_attached());
    assert_eq!(reader.stats().ring_bytes, 131_072, "rounded up, and kept by the second process");
    let file = fs::metadata(&place.path).expect("the file");
    assert_eq!(file.len(), 131_072 + 4096);
    assert!(file.blocks() * 512 >= file.len(), "{} blocks: sparse", file.blocks());
}

#[test]
fn after_a_restart_the_reader_finds_unacknowledged_records_with_their_batch_numbers() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    for text in ["one", "two", "three"] {
        writer.write(Kind::Event, 1, &[text.as_bytes()]).expect("space");
    }
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let positions: Vec<u64> = std::iter::from_fn(|| reader.read().map(|record| record.position)).collect();
    let second = reader.record(positions[1]).expect("read and not freed").position;
    for sink in Sink::ALL {
        reader.set_batch(positions[0], sink, 2);
        reader.set_batch(second, sink, 3);
    }
    reader.set_attempted(Sink::new(0), 3);
    for sink in Sink::ALL {
        reader.set_acknowledged(sink, 2);
    }
    reader.free_resolved();
    drop(reader);
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader after the restart");
    assert_eq!(payloads(&mut reader), [b"two".to_vec(), b"three".to_vec()]);
    assert_eq!(reader.batch(second, Sink::new(0)), 3);
    assert_eq!(reader.batch(positions[2], Sink::new(0)), PENDING);
    assert_eq!((reader.attempted(Sink::new(0)), reader.acknowledged(Sink::new(0))), (3, 2));
}

#[test]
fn records_are_freed_only_when_every_sink_is_done_with_them() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    writer.write(Kind::Event, 1, &[b"one"]).expect("space");
    let reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let mut reader = reader.with_sinks(&["first", "second", "third"]).expect("three sinks");
    let record = reader.read().expect("a record");
    let (position, end) = (record.position, record.end);
    reader.set_batch(position, Sink::new(0), SKIPPED);
    reader.set_batch(position, Sink::new(2), SKIPPED);
    reader.set_batch(position, Sink::new(1), 2);
    assert_eq!(reader.free_resolved(), position);
    reader.set_acknowledged(Sink::new(1), 2);
    assert_eq!(reader.free_resolved(), end);
    assert_eq!(reader.stats().used_bytes, 0);
}

#[test]
fn a_relocated_record_keeps_its_writer_origin_and_batch_numbers() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    writer.write(Kind::ProcessStarted, 0, &[b"resource"]).expect("space");
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let position = reader.read().expect("a record").position;
    reader.set_batch(position, Sink::new(1), 5);
    let copy = reader.relocate(position).expect("space").expect("a record");
    let relocated = reader.read().expect("the copy is read like any other record");
    assert_eq!((relocated.position, relocated.origin, relocated.writer), (copy, position, writer.id()));
    assert_eq!(relocated.payload, b"resource");
    assert_eq!(reader.batch(copy, Sink::new(1)), 5);
    assert_eq!(reader.free_resolved(), copy, "the original is done with");
}

#[test]
fn a_writer_is_alive_until_it_is_dropped_and_its_slot_is_reused_under_another_id() {
    let place = place();
    let reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let first = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    let (id, other) = (first.id(), Writer::open(&place.path, DEFAULT_BYTES).expect("another").id());
    assert_ne!(id, other);
    assert!(reader.is_alive(id));
    assert!(!reader.is_alive(other), "it was dropped at once");
    drop(first);
    assert!(!reader.is_alive(id));
    let again = Writer::open(&place.path, DEFAULT_BYTES).expect("a third");
    assert_ne!(again.id(), id);
    assert!(!reader.is_alive(id) && reader.is_alive(again.id()));
}

#[test]
fn the_sixty_fifth_writer_is_refused() {
    let place = place();
    let writers: Vec<_> = (0..64).map(|_| Writer::open(&place.path, DEFAULT_BYTES).expect("a slot")).collect();
    let refused = Writer::open(&place.path, DEFAULT_BYTES).expect_err("no slot is left");
    assert!(matches!(refused, OpenError::NoWriterSlot { .. }), "{refused}");
    drop(writers);
    Writer::open(&place.path, DEFAULT_BYTES).expect("slots are free again");
}

#[test]
fn a_second_reader_is_refused_while_the_first_is_alive() {
    let place = place();
    let first = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let refused = Reader::open(&place.path, DEFAULT_BYTES).expect_err("it has a reader");
    assert!(matches!(refused, OpenError::ReaderBusy { .. }), "{refused}");
    drop(first);
    Reader::open(&place.path, DEFAULT_BYTES).expect("the lock is released");
}

#[test]
fn a_ring_of_another_version_is_refused_by_writers_and_set_aside_by_the_reader() {
    let place = place();
    drop(Writer::open(&place.path, DEFAULT_BYTES).expect("a ring"));
    let mut bytes = fs::read(&place.path).expect("the file");
    bytes[8..12].copy_from_slice(&99_u32.to_ne_bytes());
    fs::write(&place.path, bytes).expect("written back");
    let refused = Writer::open(&place.path, DEFAULT_BYTES).expect_err("another version");
    assert!(matches!(refused, OpenError::OtherVersion { found: 99, .. }), "{refused}");
    let _reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a new ring");
    Writer::open(&place.path, DEFAULT_BYTES).expect("writers open the new ring");
    assert!(place.path.with_extension("aside").exists());
}

#[test]
fn a_file_that_is_not_a_ring_is_refused() {
    let place = place();
    fs::write(&place.path, b"notes of another program").expect("written");
    let refused = Writer::open(&place.path, DEFAULT_BYTES).expect_err("not a ring");
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
}

#[test]
fn a_ring_whose_tail_is_farther_from_the_free_cursor_than_its_size_is_refused() {
    let place = place();
    drop(Writer::open(&place.path, 1 << 12).expect("a ring"));
    let mut bytes = fs::read(&place.path).expect("the file");
    bytes[64..72].copy_from_slice(&((1_u64 << 12) + 8).to_ne_bytes());
    fs::write(&place.path, bytes).expect("written back");
    let refused = Writer::open(&place.path, 1 << 12).expect_err("an impossible tail");
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
}

#[test]
fn a_path_that_cannot_be_written_is_refused_with_the_error_of_the_system() {
    let place = place();
    // A folder in place of the file: what permissions would do, but for root as well.
    fs::create_dir(&place.path).expect("a folder");
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o500)).expect("read-only");
    let refused = Writer::open(&place.path, DEFAULT_BYTES).expect_err("not writable");
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
    assert!(std::error::Error::source(&refused).is_some());
}

#[test]
fn a_record_larger_than_an_eighth_of_the_ring_is_dropped_and_counted() {
    let place = place();
    let reader = Reader::open(&place.path, 1 << 16).expect("a reader");
    let writer = Writer::open(&place.path, 1 << 16).expect("a writer");
    assert_eq!(writer.write(Kind::SpanEnded, 1, &[&[0; 1 << 13]]), Err(Dropped::TooLarge));
    let stats = reader.stats();
    assert_eq!((stats.dropped(Kind::SpanEnded), stats.counter(Counter::TooLarge)), (1, 1));
}

#[test]
fn reported_counters_are_known_after_a_restart() {
    let place = place();
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    reader.count(Counter::PossibleDuplicates, 4);
    let reported = reader.stats();
    reader.set_reported(&reported);
    reader.count(Counter::PossibleDuplicates, 2);
    drop(reader);
    let reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader after the restart");
    assert_eq!(reader.stats().since(&reader.reported()).counter(Counter::PossibleDuplicates), 2);
}

#[test]
fn one_wake_up_is_sent_until_it_is_cleared_and_one_when_the_ring_becomes_half_full() {
    let place = place();
    let mut reader = Reader::open(&place.path, 1 << 14).expect("a reader");
    let doorbell = Doorbell::bind(&place.path).expect("a doorbell").into_socket();
    let writer = Writer::open(&place.path, 1 << 14).expect("a writer");
    let mut byte = [0; 1];
    writer.wake_reader();
    writer.wake_reader();
    assert_eq!(doorbell.recv(&mut byte).expect("a wake-up"), 1);
    assert!(doorbell.recv(&mut byte).is_err(), "only one");
    reader.clear_wake_up();
    while !reader.stats().is_half_full() {
        assert!(doorbell.recv(&mut byte).is_err(), "not half full yet");
        writer.write(Kind::SpanEnded, 1, &[&[0; 500]]).expect("space");
    }
    assert_eq!(doorbell.recv(&mut byte).expect("half full"), 1);
}

#[test]
fn a_wake_up_needs_no_reader() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    writer.wake_reader();
    let doorbell = Doorbell::bind(&place.path);
    drop(doorbell);
    writer.wake_reader();
    Doorbell::bind(&place.path).expect("the socket of a dead reader is replaced");
}
