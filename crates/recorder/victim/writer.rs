//! Writes records into a ring as fast as it can until it is killed: the victim of `tests/torture.rs`.
//!
//! Arguments: the ring's path, a number that no other run of it has, how many threads. It says `ready` on stdout once it writes.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crudder_recorder::{DEFAULT_BYTES, Kind, Writer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("the ring's path is missing")?);
    let run: u64 = arguments.next().ok_or("the run's number is missing")?.parse()?;
    let threads: u64 = arguments.next().ok_or("the number of threads is missing")?.parse()?;
    let writer = Arc::new(Writer::open(&path, DEFAULT_BYTES)?);
    writeln!(std::io::stdout(), "ready")?;
    for thread in 1..threads {
        let writer = Arc::clone(&writer);
        std::thread::spawn(move || write_for_ever(&writer, run, thread));
    }
    write_for_ever(&writer, run, 0)
}

/// Each record names its run, thread and number, and fills itself with a byte that follows from them.
fn write_for_ever(writer: &Writer, run: u64, thread: u64) -> ! {
    let mut number = 0_u64;
    loop {
        let length = ((run * 31 + thread * 17 + number * 7) % 600) as usize;
        let filler = [(run ^ thread ^ number) as u8; 600];
        let head = [run.to_le_bytes(), thread.to_le_bytes(), number.to_le_bytes()].concat();
        let kind = if number.is_multiple_of(2) { Kind::SpanStarted } else { Kind::SpanEnded };
        if writer.write(kind, thread as u32, &[&head, &filler[..length]]).is_ok() {
            number += 1;
        }
    }
}
