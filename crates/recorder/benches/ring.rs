//! Nanoseconds a record: one writer, then four at once, with the reader keeping up. Target 5 of the project's promises:
//! 300 bytes in at most 60 ns with one writer, 200 ns with four on two cores.

#[path = "../../../benches/shared/rows.rs"]
mod rows;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crudder_recorder::{Kind, Reader, Writer};
use rows::{Row, hand_over};

const ROUNDS: usize = 15;
/// Fewer bytes than the ring holds, so that a round measures writing and not waiting.
const RECORDS: u64 = 2_000;
const ONE_WRITERS_RING: u64 = 1 << 21;
const FOUR_WRITERS_RING: u64 = 1 << 23;

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

/// Writes `RECORDS` records and returns what one took.
fn write_some(writer: &Writer, payload: &[u8]) -> f64 {
    let start = Instant::now();
    for _ in 0..RECORDS {
        let _ = std::hint::black_box(writer.write(Kind::SpanEnded, 1, &[std::hint::black_box(payload)]));
    }
    start.elapsed().as_nanos() as f64 / RECORDS as f64
}

fn one_writer(path: &Path, size: usize) -> Measured {
    let mut reader = Reader::open(path, ONE_WRITERS_RING)?;
    let writer = Writer::open(path, ONE_WRITERS_RING)?;
    let payload = vec![7; size];
    warm(&writer, &mut reader, &payload, ONE_WRITERS_RING);
    let took = write_some(&writer, &payload);
    check_nothing_dropped(&reader)?;
    std::fs::remove_file(path)?;
    Ok(took)
}

fn four_writers(path: &Path, size: usize) -> Measured {
    let mut reader = Reader::open(path, FOUR_WRITERS_RING)?;
    let writer = Writer::open(path, FOUR_WRITERS_RING)?;
    let payload = vec![7; size];
    warm(&writer, &mut reader, &payload, FOUR_WRITERS_RING);
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

/// Twice round the ring, as in a process that has served requests before: each page is mapped once in its life.
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
        dropped => Err(format!("{dropped} records were dropped: this measured nothing")),
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
