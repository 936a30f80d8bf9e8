//! Instructions, allocations and system calls of what every request pays for, counted by valgrind: the same figures on a loaded machine as
//! on a quiet one, so that nothing creeps. Each work is done so many times and twice as many times, and the difference divided: starting
//! costs nothing. `check` holds the counts against their bounds.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

#[path = "../../../benches/shared/observed.rs"]
mod observed;
#[path = "../../../benches/shared/work.rs"]
mod request;
#[path = "../../../benches/shared/rows.rs"]
mod rows;

use std::error::Error;
use std::fs::File;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use crudder_recorder::{Kind, Reader, Writer};
use crudder_telemetry::ACCESS;
use observed::{Observed, Planes};
use rows::{Row, hand_over};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Enough that an allocation or a page that comes now and then does not show; the ring holds twice as many.
const TIMES: u64 = 400;
const RING: u64 = 1 << 23;
const RECORD: [u8; 300] = [7; 300];
const REQUEST: &str = "8f7c2e1a-0000-4000-8000-0123456789ab";

/// What is counted, and the bounds of its instructions and allocations: what was counted and a tenth, since another processor takes another
/// `memcpy`.
const BOUNDS: [(&str, f64, f64); 4] = [
    ("a record of 300 bytes", 610.0, 0.0),
    ("a span of four attributes, opened and closed", 17_100.0, 12.0),
    ("an access line", 15_400.0, 4.0),
    ("a request of five spans, a line, X-Ray", 175_500.0, 119.0),
];
/// Promise 11, and the same of a ring that is all but full: a record is a record wherever it lies.
const GROWS_AT_MOST: f64 = 1.2;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", what, times] => run(what, times.parse()?),
        [] => count().map(drop),
        ["check"] if count()? => Ok(()),
        ["check"] => Err("a bound does not hold".into()),
        _ => Err(format!("{arguments:?}: nothing, or `check`").into()),
    }
}

/// Says whether all is within its bounds; where there is no valgrind, nothing is.
fn count() -> Result<bool> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions: not counted, valgrind is not installed (apt-get install valgrind)");
        return Ok(false);
    }
    let line = each("line", TIMES)?.less(each("no line", TIMES)?);
    let counts = [each("record", TIMES)?, each("span", TIMES)?, line, each("request", TIMES)?];
    let (mut holds, mut rows) = (true, vec![promised(counts[0])]);
    let has_bounds = has_bounds();
    for ((what, instructions, allocations), count) in BOUNDS.into_iter().zip(counts) {
        let figure = count.shown();
        if has_bounds {
            let line = format!("{what}: {figure}; at most {instructions} instructions, {allocations} allocations");
            holds &= tell(&line, count.instructions <= instructions && count.allocations <= allocations);
        } else {
            println!("{what}: {figure}; the bounds are of another kind of processor");
        }
        rows.push(Row::new("-", what, "", figure, None));
    }
    let (few, many) = (each("10 spans", TIMES)?, each("1000 spans", 4)?);
    let ratio = many.instructions / few.instructions / 100.0;
    holds &= tell(
        &format!("a span in a request of 1,000: x{ratio:.2} of one in 10, at most {GROWS_AT_MOST}"),
        ratio <= GROWS_AT_MOST,
    );
    let ratio = each("late record", TIMES)?.instructions / counts[0].instructions;
    holds &= tell(
        &format!("a record in a ring 80 % full: x{ratio:.2} of one in an empty ring, at most {GROWS_AT_MOST}"),
        ratio <= GROWS_AT_MOST,
    );
    hand_over("counts", &rows)?;
    Ok(holds)
}

/// Whether this processor is of the kind that the bounds were counted on: it sums records by an instruction that others don't have.
fn has_bounds() -> bool {
    #[cfg(target_arch = "x86_64")]
    let is_known = is_x86_feature_detected!("pclmulqdq");
    #[cfg(not(target_arch = "x86_64"))]
    let is_known = false;
    is_known
}

fn promised(record: Counts) -> Row {
    let is_kept = record.calls == 0.0 && record.allocations == 0.0;
    Row::new("5c", "the same: system calls, allocations", "none", record.shown(), is_kept)
}

fn tell(line: &str, holds: bool) -> bool {
    println!("{} {line}", if holds { "ok    " } else { "BROKEN" });
    holds
}

#[derive(Clone, Copy)]
struct Counts {
    instructions: f64,
    allocations: f64,
    calls: f64,
}

impl Counts {
    fn less(self, other: Self) -> Self {
        Self {
            instructions: self.instructions - other.instructions,
            allocations: self.allocations - other.allocations,
            calls: self.calls - other.calls,
        }
    }

    fn shown(self) -> String {
        let Self { instructions, allocations, calls } = self;
        format!("{instructions:.0} instructions, {allocations:.1} allocations, {calls:.1} system calls")
    }
}

/// What doing it once takes.
fn each(what: &str, times: u64) -> Result<Counts> {
    let more = counted(what, 2 * times)?.less(counted(what, times)?);
    let once = |of: f64| of / times as f64;
    Ok(Counts { instructions: once(more.instructions), allocations: once(more.allocations), calls: once(more.calls) })
}

/// What this program takes in the role of `run`.
fn counted(what: &str, times: u64) -> Result<Counts> {
    // "==7== Collected : 123456"
    let said = valgrind(&["--tool=callgrind", "--callgrind-out-file=/dev/null"], what, times)?;
    let instructions = number_behind(&said, "Collected : ").ok_or("callgrind has said nothing")?;
    // "==7==   total heap usage: 1,234 allocs, …", and a line a system call. The clock is asked without one, but under valgrind.
    let said = valgrind(&["--leak-check=no", "--undef-value-errors=no", "--trace-syscalls=yes"], what, times)?;
    let allocations = number_behind(&said, "total heap usage: ").ok_or("memcheck has said nothing")?;
    let calls = said.lines().filter(|line| line.starts_with("SYSCALL[") && !line.contains("clock_gettime")).count();
    Ok(Counts { instructions, allocations, calls: calls as f64 })
}

fn valgrind(options: &[&str], what: &str, times: u64) -> Result<String> {
    let program = std::env::current_exe()?;
    let output =
        Command::new("valgrind").args(options).arg(program).args(["run", what, &times.to_string()]).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(format!("{what}: {said}").into()) }
}

fn number_behind(text: &str, words: &str) -> Option<f64> {
    let (_, rest) = text.lines().find_map(|line| line.split_once(words))?;
    rest.split(' ').next()?.replace(',', "").parse().ok()
}

/// What is counted.
fn run(what: &str, times: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let ring = folder.path().join("ring");
    let _reader = Reader::open(&ring, RING)?;
    match what {
        "record" => return records(&ring, 0, times),
        // Up to 80 %: above 87.5 only ends and errors are taken.
        "late record" => return records(&ring, RING / 10 * 8 / 400, times),
        _ => (),
    }
    // Its receive buffer fills, and the kernel drops what follows: no instruction of ours.
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    let address = daemon.local_addr()?.to_string();
    let (has_lines, daemon) = (matches!(what, "line" | "request"), (what == "request").then_some(address.as_str()));
    let output = File::options().write(true).open("/dev/null")?;
    let observed = Observed::new(&Planes { has_lines, daemon, ring: Some((&ring, RING)) }, output.as_fd())?;
    match what {
        // All in one request.
        "span" => observed.serve(REQUEST, times as usize),
        "line" | "no line" => (0..times).for_each(|_| observed.serve(REQUEST, 0)),
        "request" => (0..times).for_each(|_| observed.serve(REQUEST, 4)),
        "10 spans" => (0..times).for_each(|_| observed.serve(REQUEST, 9)),
        _ => (0..times).for_each(|_| observed.serve(REQUEST, 999)),
    }
    Ok(())
}

/// So many records behind so many that lie there.
fn records(ring: &Path, before: u64, times: u64) -> Result<()> {
    let writer = Writer::open(ring, RING)?;
    for _ in 0..before + times {
        writer.write(Kind::SpanEnded, 1, &[std::hint::black_box(&RECORD)])?;
    }
    Ok(())
}
