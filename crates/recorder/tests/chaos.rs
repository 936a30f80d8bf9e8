//! Kills writers at random moments, many times: every committed record is read once, in order per thread, and none is invented.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crudder_recorder::{Counter, DEFAULT_BYTES, Reader};

const LIVES: u64 = 120;
const THREADS: u64 = 3;
/// Longer lives write more but tell no more.
const LONGEST_LIFE: Duration = Duration::from_millis(12);

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A writer that has written at least once.
fn spawn(path: &Path, run: u64) -> Killed {
    let mut child = Command::new(env!("CARGO_BIN_EXE_recorder-writer"))
        .args([path.as_os_str(), run.to_string().as_ref(), THREADS.to_string().as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout is piped");
    BufReader::new(stdout).read_line(&mut line).expect("the writer speaks");
    assert_eq!(line, "ready\n", "run {run} did not open the ring");
    Killed(child)
}

/// Numbers that look random and follow from the seed.
struct Rng(u64);

impl Rng {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What has been read of one run: the next number of each thread.
struct Tally {
    run: u64,
    next: [u64; THREADS as usize],
}

impl Tally {
    fn check(&mut self, payload: &[u8]) {
        let word = |at: usize| u64::from_le_bytes(payload[at..at + 8].try_into().expect("eight bytes"));
        let (run, thread, number) = (word(0), word(8), word(16));
        assert_eq!(run, self.run, "a record of another run came late, or twice");
        assert_eq!(number, self.next[thread as usize], "thread {thread} of run {run} out of order");
        assert_eq!(payload.len() as u64 - 24, (run * 31 + thread * 17 + number * 7) % 600);
        assert!(payload[24..].iter().all(|byte| *byte == (run ^ thread ^ number) as u8), "run {run}: torn");
        self.next[thread as usize] += 1;
    }
}

#[test]
fn killed_writers_lose_nothing_that_they_committed_and_invent_nothing() {
    let seed = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut rng = Rng(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring");
    let mut reader = Reader::open(&path, DEFAULT_BYTES).expect("a ring");
    let mut records = 0_u64;
    for run in 0..LIVES {
        let mut tally = Tally { run, next: [0; THREADS as usize] };
        let mut writer = spawn(&path, run);
        let life = LONGEST_LIFE.mul_f64(rng.roll(1000) as f64 / 1000.0);
        let born = Instant::now();
        // The reader is now fast, now absent, and now and then dies itself.
        let reads_meanwhile = rng.roll(3) > 0;
        while born.elapsed() < life {
            if reads_meanwhile {
                drain(&mut reader, &mut tally, rng.roll(200));
            }
        }
        writer.0.kill().expect("SIGKILL is sent");
        writer.0.wait().expect("it is dead");
        if rng.roll(4) == 0 {
            drop(reader);
            reader = Reader::open(&path, DEFAULT_BYTES).expect("a next life of the reader");
        }
        let committed = count_committed(&path);
        let read = drain(&mut reader, &mut tally, u64::MAX);
        assert_eq!(read, committed, "run {run}: the reader and the file's own bytes disagree");
        let stats = reader.stats();
        assert!(stats.used_bytes == 0, "run {run} left {} bytes unread", stats.used_bytes);
        records += tally.next.iter().sum::<u64>();
    }
    let stats = reader.stats();
    let (holes, damaged) = (stats.counter(Counter::Holes), stats.counter(Counter::Damaged));
    println!(
        "{LIVES} writers killed, {records} records read, {holes} holes skipped, {} dropped",
        stats.dropped_total()
    );
    assert_eq!(damaged, 0);
    assert!(records > LIVES, "hardly anything was written: {records} records");
}

/// Reads and frees; what was read is freed in steps, so that a reader's death finds both kinds.
fn drain(reader: &mut Reader, tally: &mut Tally, most: u64) -> u64 {
    let mut read = 0;
    while read < most {
        let Some(record) = reader.read() else { break };
        tally.check(record.payload);
        let end = record.end;
        reader.free_until(end);
        read += 1;
    }
    // Over the holes at the end, where no record follows that would be acknowledged.
    if most == u64::MAX {
        reader.free_resolved();
    }
    read
}

/// How many committed records lie between the read cursor and the tail, by the layout's description alone: a witness that shares no
/// code with the reader, and looks at every place where a record can begin.
fn count_committed(path: &Path) -> u64 {
    let file = std::fs::read(path).expect("the ring's file");
    let word = |at: usize| u64::from_ne_bytes(file[at..at + 8].try_into().expect("eight bytes"));
    let (size, tail, read) = (word(16), word(64), word(192));
    let committed = (read..tail).step_by(8).filter(|position| {
        let at = 4096 + (position % size) as usize;
        let (stamp, length) = ((word(at) >> 32) as u32, word(at) as u32 as usize);
        if stamp != 0x7E10_C0DE ^ (position / 8) as u32 || length < 48 || at + length > file.len() {
            return false;
        }
        let payload = (word(at + 32) >> 32) as usize;
        let sum = u32::from_ne_bytes(file[at + 20..at + 24].try_into().expect("four bytes"));
        file.get(at + 24..at + 48 + payload).is_some_and(|summed| crc32fast::hash(summed) == sum)
    });
    committed.count() as u64
}
