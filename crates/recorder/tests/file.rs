//! Rings in real files: who opens them, who is refused, what a next life finds.

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
fn whoever_comes_first_makes_the_ring_and_it_is_allocated_in_full() {
    use std::os::unix::fs::MetadataExt;
    let place = place();
    let writer = Writer::open(&place.path, 100_000).expect("a writer");
    assert!(!writer.reader_attached());
    let reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    assert!(writer.reader_attached());
    assert_eq!(reader.stats().ring_bytes, 131_072, "rounded up, and kept by who comes second");
    let file = fs::metadata(&place.path).expect("the file");
    assert_eq!(file.len(), 131_072 + 4096);
    assert!(file.blocks() * 512 >= file.len(), "{} blocks: sparse", file.blocks());
}

#[test]
fn a_next_life_reads_what_was_not_acknowledged_with_its_labels() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    for text in ["one", "two", "three"] {
        writer.write(Kind::Event, 1, &[text.as_bytes()]).expect("room");
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
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a next life");
    assert_eq!(payloads(&mut reader), [b"two".to_vec(), b"three".to_vec()]);
    assert_eq!(reader.batch(second, Sink::new(0)), 3);
    assert_eq!(reader.batch(positions[2], Sink::new(0)), PENDING);
    assert_eq!((reader.attempted(Sink::new(0)), reader.acknowledged(Sink::new(0))), (3, 2));
}

#[test]
fn records_are_freed_only_when_every_vendor_is_done_with_them() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    writer.write(Kind::Event, 1, &[b"one"]).expect("room");
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
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
fn a_carried_record_keeps_its_writer_origin_and_labels() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    writer.write(Kind::ProcessStarted, 0, &[b"resource"]).expect("room");
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let position = reader.read().expect("a record").position;
    reader.set_batch(position, Sink::new(1), 5);
    let copy = reader.relocate(position).expect("room").expect("a record");
    let carried = reader.read().expect("the copy is read like any other");
    assert_eq!((carried.position, carried.origin, carried.writer), (copy, position, writer.id()));
    assert_eq!(carried.payload, b"resource");
    assert_eq!(reader.batch(copy, Sink::new(1)), 5);
    assert_eq!(reader.free_resolved(), copy, "the original is done with");
}

#[test]
fn a_writer_is_alive_until_it_is_dropped_and_its_slot_is_used_again_under_another_id() {
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
fn a_second_reader_is_refused_while_the_first_lives() {
    let place = place();
    let first = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    let refused = Reader::open(&place.path, DEFAULT_BYTES).expect_err("it is being read");
    assert!(matches!(refused, OpenError::ReaderBusy { .. }), "{refused}");
    drop(first);
    Reader::open(&place.path, DEFAULT_BYTES).expect("the lock went with the first");
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
    Writer::open(&place.path, DEFAULT_BYTES).expect("which writers take");
    assert!(place.path.with_extension("aside").exists());
}

#[test]
fn a_file_that_is_no_ring_is_refused() {
    let place = place();
    fs::write(&place.path, b"somebody's notes").expect("written");
    let refused = Writer::open(&place.path, DEFAULT_BYTES).expect_err("no ring");
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
}

#[test]
fn a_file_that_may_not_be_written_is_refused_with_the_systems_reason() {
    let place = place();
    // A folder in the file's place: what permissions would do, but for root as well.
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
fn what_was_reported_is_known_to_the_next_life() {
    let place = place();
    let mut reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a reader");
    reader.count(Counter::PossibleDuplicates, 4);
    let told = reader.stats();
    reader.set_reported(&told);
    reader.count(Counter::PossibleDuplicates, 2);
    drop(reader);
    let reader = Reader::open(&place.path, DEFAULT_BYTES).expect("a next life");
    assert_eq!(reader.stats().since(&reader.reported()).counter(Counter::PossibleDuplicates), 2);
}

#[test]
fn the_bell_rings_once_until_it_is_heard_and_by_itself_when_the_ring_is_half_full() {
    let place = place();
    let mut reader = Reader::open(&place.path, 1 << 14).expect("a reader");
    let bell = Doorbell::bind(&place.path).expect("a bell").into_socket();
    let writer = Writer::open(&place.path, 1 << 14).expect("a writer");
    let mut byte = [0; 1];
    writer.wake_reader();
    writer.wake_reader();
    assert_eq!(bell.recv(&mut byte).expect("it rang"), 1);
    assert!(bell.recv(&mut byte).is_err(), "and only once");
    reader.clear_wake_up();
    while !reader.stats().is_half_full() {
        assert!(bell.recv(&mut byte).is_err(), "not yet half full");
        writer.write(Kind::SpanEnded, 1, &[&[0; 500]]).expect("room");
    }
    assert_eq!(bell.recv(&mut byte).expect("half full"), 1);
}

#[test]
fn nobody_needs_to_hear_the_bell() {
    let place = place();
    let writer = Writer::open(&place.path, DEFAULT_BYTES).expect("a writer");
    writer.wake_reader();
    let bell = Doorbell::bind(&place.path);
    drop(bell);
    writer.wake_reader();
    Doorbell::bind(&place.path).expect("a dead reader's socket is replaced");
}
