//! Kills writers at random moments, many times: each committed record is read once, in the order of
//! its thread, and no other record is read.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crudder_recorder::{Counter, DEFAULT_BYTES, Reader};

const RUNS: u64 = 120;
const THREADS: u64 = 3;
/// Longer runs write more records but find no more faults.
const MAX_RUN: Duration = Duration::from_millis(12);

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a writer and waits until it has opened the ring.
fn spawn(path: &Path, run: u64) -> Killed {
    let mut child = Command::new(env!("CARGO_BIN_EXE_recorder-writer"))
        .args([path.as_os_str(), run.to_string().as_ref(), THREADS.to_string().as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout is piped");
    BufReader::new(stdout).read_line(&mut line).expect("the writer prints a line");
    assert_eq!(line, "ready\n", "run {run} did not open the ring");
    Killed(child)
}

/// A pseudo-random number generator (xorshift), so that a failure can be repeated by its seed.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The records of one run that were read: the next number of each thread.
struct Tally {
    run: u64,
    next: [u64; THREADS as usize],
}

impl Tally {
    fn check(&mut self, payload: &[u8]) {
        let word = |at: usize| u64::from_le_bytes(payload[at..at + 8].try_into().expect("eight bytes"));
        let (run, thread, number) = (word(0), word(8), word(16));
        assert_eq!(run, self.run, "a record of another run was read late, or twice");
        assert_eq!(number, self.next[thread as usize], "thread {thread} of run {run} out of order");
        assert_eq!(payload.len() as u64 - 24, (run * 31 + thread * 17 + number * 7) % 600);
        assert!(payload[24..].iter().all(|byte| *byte == (run ^ thread ^ number) as u8), "run {run}: torn");
        self.next[thread as usize] += 1;
    }
}

#[test]
fn killed_writers_lose_no_committed_record_and_no_other_record_is_read() {
    let seed = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut rng = Rng(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring");
    let mut reader = Reader::open(&path, DEFAULT_BYTES).expect("a ring");
    let mut records = 0_u64;
    for run in 0..RUNS {
        let mut tally = Tally { run, next: [0; THREADS as usize] };
        let mut writer = spawn(&path, run);
        let length = MAX_RUN.mul_f64(rng.below(1000) as f64 / 1000.0);
        let start = Instant::now();
        // Sometimes the reader keeps up, sometimes it is absent, and sometimes it restarts.
        let keeps_reading = rng.below(3) > 0;
        while start.elapsed() < length {
            if keeps_reading {
                drain(&mut reader, &mut tally, rng.below(200));
            }
        }
        writer.0.kill().expect("SIGKILL is sent");
        writer.0.wait().expect("it is dead");
        if rng.below(4) == 0 {
            drop(reader);
            reader = Reader::open(&path, DEFAULT_BYTES).expect("a reader after the restart");
        }
        let committed = count_committed(&path);
        let read = drain(&mut reader, &mut tally, u64::MAX);
        assert_eq!(read, committed, "run {run}: the reader and the bytes of the file disagree");
        let stats = reader.stats();
        assert!(stats.used_bytes == 0, "run {run} left {} bytes unread", stats.used_bytes);
        records += tally.next.iter().sum::<u64>();
    }
    let stats = reader.stats();
    let (holes, damaged) = (stats.counter(Counter::Holes), stats.counter(Counter::Damaged));
    println!("{RUNS} writers killed, {records} records read, {holes} holes skipped, {} dropped", stats.dropped_total());
    assert_eq!(damaged, 0);
    assert!(records > RUNS, "hardly any record was written: {records} records");
}

/// Reads and frees up to `most` records, so that a restart finds freed records and others.
fn drain(reader: &mut Reader, tally: &mut Tally, most: u64) -> u64 {
    let mut read = 0;
    while read < most {
        let Some(record) = reader.read() else { break };
        tally.check(record.payload);
        let end = record.end;
        reader.free_until(end);
        read += 1;
    }
    // Frees the holes at the end, which no record follows.
    if most == u64::MAX {
        reader.free_resolved();
    }
    read
}

/// Counts the committed records between the read cursor and the tail. It shares no code with the
/// reader: it follows the description of the layout and looks at each place where a record can
/// start.
fn count_committed(path: &Path) -> u64 {
    let file = std::fs::read(path).expect("the ring's file");
    let word = |at: usize| u64::from_ne_bytes(file[at..at + 8].try_into().expect("eight bytes"));
    let (size, tail, read) = (word(16), word(64), word(192));
    let committed = (read..tail).step_by(8).filter(|position| {
        let at = 4096 + (position % size) as usize;
        let (tag, length) = ((word(at) >> 32) as u32, word(at) as u32 as usize);
        if tag != 0x7E10_C0DE ^ (position / 8) as u32 || length < 64 || at + length > file.len() {
            return false;
        }
        let half_word = |at: usize| u32::from_ne_bytes(file[at..at + 4].try_into().expect("four bytes"));
        let (sum, payload) = (half_word(at + 36), half_word(at + 52) as usize);
        file.get(at + 40..at + 64 + payload).is_some_and(|summed| crc32fast::hash(summed) == sum)
    });
    committed.count() as u64
}
