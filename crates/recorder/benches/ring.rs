//! Nanoseconds per record: with one writer, and with four at once on two cores. The targets for
//! records of 300 bytes are 60 ns with one writer and 200 ns with four.

#[path = "../../../benches/shared/rows.rs"]
mod rows;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crudder_recorder::{Kind, Reader, Writer};
use rows::{Row, hand_over};

const ROUNDS: usize = 15;
/// The records of a round fit into the ring, so that a round measures writing and not waiting.
const RECORDS: u64 = 2_000;
const ONE_WRITER_BYTES: u64 = 1 << 21;
const FOUR_WRITERS_BYTES: u64 = 1 << 23;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut out = std::io::stdout().lock();
    let mut rows = Vec::new();
    for size in [100, 300, 600] {
        let one = median(|round| one_writer(&folder.path().join(format!("one-{size}-{round}")), size))?;
        let four = median(|round| four_writers(&folder.path().join(format!("four-{size}-{round}")), size))?;
        let sum = median(|_| Ok(checksum(size)))?;
        writeln!(
            out,
            "recorder: {size} bytes: one writer {one:.0} ns a record, four {four:.0} ns each, of which checksum {sum:.0} ns"
        )?;
        if size == 300 {
            let figure = |nanos: f64| format!("{nanos:.0} ns");
            rows.push(Row::new("5a", "a record of 300 bytes, one writer", "at most 60 ns", figure(one), one <= 60.0));
            rows.push(Row::new(
                "5b",
                "the same, four on two cores",
                "at most 200 ns each",
                figure(four),
                four <= 200.0,
            ));
        }
    }
    Ok(hand_over("ring", &rows)?)
}

type Measured = Result<f64, Box<dyn std::error::Error>>;

fn median(mut measure: impl FnMut(usize) -> Measured) -> Measured {
    let mut rounds = (0..ROUNDS).map(&mut measure).collect::<Result<Vec<_>, _>>()?;
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}

/// Writes `RECORDS` records and returns the nanoseconds per record.
fn write_some(writer: &Writer, payload: &[u8]) -> f64 {
    let start = Instant::now();
    for _ in 0..RECORDS {
        let _ = std::hint::black_box(writer.write(Kind::SpanEnded, 1, &[std::hint::black_box(payload)]));
    }
    start.elapsed().as_nanos() as f64 / RECORDS as f64
}

fn one_writer(path: &Path, size: usize) -> Measured {
    let mut reader = Reader::open(path, ONE_WRITER_BYTES)?;
    let writer = Writer::open(path, ONE_WRITER_BYTES)?;
    let payload = vec![7; size];
    warm(&writer, &mut reader, &payload, ONE_WRITER_BYTES);
    let took = write_some(&writer, &payload);
    check_nothing_dropped(&reader)?;
    std::fs::remove_file(path)?;
    Ok(took)
}

fn four_writers(path: &Path, size: usize) -> Measured {
    let mut reader = Reader::open(path, FOUR_WRITERS_BYTES)?;
    let writer = Writer::open(path, FOUR_WRITERS_BYTES)?;
    let payload = vec![7; size];
    warm(&writer, &mut reader, &payload, FOUR_WRITERS_BYTES);
    let go = AtomicBool::new(false);
    let took = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    while !go.load(Ordering::Acquire) {
                        std::hint::spin_loop();
                    }
                    write_some(&writer, &payload)
                })
            })
            .collect();
        go.store(true, Ordering::Release);
        threads.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).sum::<f64>() / 4.0
    });
    check_nothing_dropped(&reader)?;
    std::fs::remove_file(path)?;
    Ok(took)
}

/// Writes two laps of the ring, as a process does that has served requests before: by then each
/// page is mapped.
fn warm(writer: &Writer, reader: &mut Reader, payload: &[u8], ring: u64) {
    let mut written = 0;
    while written < 2 * ring {
        write_some(writer, payload);
        drain(reader);
        written += RECORDS * payload.len() as u64;
    }
}

fn drain(reader: &mut Reader) {
    while let Some(record) = reader.read() {
        let end = record.end;
        reader.free_until(end);
    }
}

fn check_nothing_dropped(reader: &Reader) -> Result<(), String> {
    match reader.stats().dropped_total() {
        0 => Ok(()),
        dropped => Err(format!("{dropped} records were dropped, so the measurement is not valid")),
    }
}

fn checksum(size: usize) -> f64 {
    let bytes = vec![7; size + 24];
    let start = Instant::now();
    for _ in 0..RECORDS {
        std::hint::black_box(crc32fast::hash(std::hint::black_box(&bytes)));
    }
    start.elapsed().as_nanos() as f64 / RECORDS as f64
}
