//! The ring file: whatever another process wrote into it, the reader does not panic, loop forever
//! or read past a record.
#![no_main]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use crudder_recorder::{
    DatagramSent, DeathRecord, InvocationEnded, InvocationStarted, Kind, MIN_BYTES, ProcessStarted, Reader, SpanIds, Writer,
};
use libfuzzer_sys::fuzz_target;

/// The smallest ring, so that a few random bytes reach every part of it.
const BYTES: u64 = MIN_BYTES;
/// The size of the file: a page for the header, then the ring.
const FILE_BYTES: u64 = 4096 + BYTES;
/// More records than this do not fit into the ring, because each takes more than 16 bytes.
const MAX_RECORDS: usize = BYTES as usize / 16;

/// A ring with eight records, its file opened for writing, and its bytes as the writer left them.
struct Ring {
    path: PathBuf,
    file: File,
    pristine: Vec<u8>,
}

static RING: LazyLock<Ring> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("crudder-fuzz-{}.recorder", std::process::id()));
    let writer = Writer::open(&path, BYTES).expect("a new ring can be created");
    for invocation in 0..8 {
        let _ = writer.write(Kind::SpanStarted, invocation, &[&[7; 300]]);
    }
    let pristine = std::fs::read(&path).expect("the ring's file can be read");
    assert_eq!(pristine.len() as u64, FILE_BYTES);
    let file = OpenOptions::new().write(true).open(&path).expect("the ring's file can be written");
    Ring { path, file, pristine }
});

fuzz_target!(|random: &[u8]| {
    let Some((place, random)) = random.split_first_chunk::<2>() else { return };
    let Ring { path, file, pristine } = &*RING;
    let place = u64::from(u16::from_le_bytes(*place)) % FILE_BYTES;
    let fits = random.len().min((FILE_BYTES - place) as usize);
    file.write_all_at(pristine, 0).expect("the ring's file can be written");
    file.write_all_at(&random[..fits], place).expect("the ring's file can be written");

    // A ring with a damaged header is refused; other damage costs only the damaged records.
    let reader = Reader::open(path, BYTES).and_then(|reader| reader.with_sinks(&["first", "second"]));
    let Ok(mut reader) = reader else { return };
    let mut read = 0;
    while let Some(record) = reader.read() {
        read += 1;
        assert!(read <= MAX_RECORDS, "more records than fit into the ring");
        let payload = record.payload;
        let _ = (SpanIds::split(payload), ProcessStarted::decode(payload), InvocationStarted::decode(payload));
        let _ = (InvocationEnded::decode(payload), DatagramSent::decode(payload), DeathRecord::decode(payload));
    }
    reader.free_resolved();
    let _ = reader.stats();
});
