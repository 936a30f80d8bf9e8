//! The ring: whatever another process left in the file, its reader neither fails, nor goes round for ever, nor reads past a record.
#![no_main]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use crudder_recorder::{DatagramSent, InvocationEnded, InvocationStarted, Kind, ProcessStarted, Reader, SpanIds, DeathRecord, Writer};
use libfuzzer_sys::fuzz_target;

/// The smallest ring, so that a few bytes of noise reach every part of it.
const BYTES: u64 = 4096;
/// The file: a page for the header, then the ring.
const FILE_BYTES: u64 = 4096 + BYTES;
/// A record takes more bytes than these; more records than this cannot stand in the ring.
const MOST: usize = BYTES as usize / 16;

/// A ring with eight records in it, opened for writing again and again, and its bytes as its writer left them.
struct Ring {
    path: PathBuf,
    file: File,
    pristine: Vec<u8>,
}

static RING: LazyLock<Ring> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("crudder-fuzz-{}.recorder", std::process::id()));
    let writer = Writer::open(&path, BYTES).expect("a new ring can be made");
    for invocation in 0..8 {
        let _ = writer.write(Kind::SpanStarted, invocation, &[&[7; 300]]);
    }
    let pristine = std::fs::read(&path).expect("the ring's file can be read");
    assert_eq!(pristine.len() as u64, FILE_BYTES);
    let file = OpenOptions::new().write(true).open(&path).expect("the ring's file can be written");
    Ring { path, file, pristine }
});

fuzz_target!(|noise: &[u8]| {
    let Some((place, noise)) = noise.split_first_chunk::<2>() else { return };
    let Ring { path, file, pristine } = &*RING;
    let place = u64::from(u16::from_le_bytes(*place)) % FILE_BYTES;
    let fits = noise.len().min((FILE_BYTES - place) as usize);
    file.write_all_at(pristine, 0).expect("the ring's file can be written");
    file.write_all_at(&noise[..fits], place).expect("the ring's file can be written");

    // A header that is bent is refused; the rest is read as far as it holds.
    let Ok(mut reader) = Reader::open(path, BYTES) else { return };
    let mut read = 0;
    while let Some(record) = reader.read() {
        read += 1;
        assert!(read <= MOST, "more records than the ring has room for");
        let payload = record.payload;
        let _ = (SpanIds::split(payload), ProcessStarted::decode(payload), InvocationStarted::decode(payload));
        let _ = (InvocationEnded::decode(payload), DatagramSent::decode(payload), DeathRecord::decode(payload));
    }
    reader.free_resolved();
    let _ = reader.stats();
});
