//! Counts instructions, allocations and system calls per request with valgrind. The figures are the same on
//! a loaded machine as on a quiet one, so that slow growth shows. Each workload runs N times and 2 N
//! times, and the difference is divided by N, so that start-up does not count. `check` compares the
//! counts with their bounds.
#![expect(clippy::print_stdout, reason = "this program prints figures")]

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
use observed::{Destinations, Observed};
use rows::{Row, hand_over};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Enough that an occasional allocation or page does not show. The ring holds twice as many.
const TIMES: u64 = 400;
const RING: u64 = 1 << 23;
const RECORD: [u8; 300] = [7; 300];
const REQUEST: &str = "8f7c2e1a-0000-4000-8000-0123456789ab";

/// The workloads and the bounds of their instructions and allocations: a tenth above the count, because
/// another processor uses another `memcpy`.
const BOUNDS: [(&str, f64, f64); 4] = [
    ("a record of 300 bytes", 610.0, 0.0),
    ("a span of four attributes, opened and closed", 17_100.0, 12.0),
    ("an access line", 15_400.0, 4.0),
    ("a request of five spans, a line, X-Ray", 175_500.0, 119.0),
];
/// Promise 11. It also holds for a record in a ring that is nearly full.
const GROWS_AT_MOST: f64 = 1.2;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", what, times] => run(what, times.parse()?),
        [] => count().map(drop),
        ["check"] if count()? => Ok(()),
        ["check"] => Err("a bound does not hold; see the lines marked BROKEN".into()),
        _ => Err(format!("unknown arguments {arguments:?}; run without any, or with `check`").into()),
    }
}

/// Returns whether all counts are within their bounds; `false` without valgrind.
fn count() -> Result<bool> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions not counted: valgrind is not installed; run `apt-get install valgrind`");
        return Ok(false);
    }
    let line = each("line", TIMES)?.less(each("no line", TIMES)?);
    let counts = [each("record", TIMES)?, each("span", TIMES)?, line, each("request", TIMES)?];
    let (mut holds, mut rows) = (true, vec![promised(counts[0])]);
    let has_bounds = is_reference_processor();
    for ((what, instructions, allocations), count) in BOUNDS.into_iter().zip(counts) {
        let figure = count.shown();
        if has_bounds {
            let line = format!("{what}: {figure}; at most {instructions} instructions, {allocations} allocations");
            holds &= report(&line, count.instructions <= instructions && count.allocations <= allocations);
        } else {
            println!("{what}: {figure}; the bounds are for another kind of processor");
        }
        rows.push(Row::new("-", what, "", figure, None));
    }
    let (few, many) = (each("10 spans", TIMES)?, each("1000 spans", 4)?);
    let ratio = many.instructions / few.instructions / 100.0;
    holds &= report(
        &format!("a span in a request of 1,000: x{ratio:.2} of one in 10, at most {GROWS_AT_MOST}"),
        ratio <= GROWS_AT_MOST,
    );
    let ratio = each("late record", TIMES)?.instructions / counts[0].instructions;
    holds &= report(
        &format!("a record in a ring 80 % full: x{ratio:.2} of one in an empty ring, at most {GROWS_AT_MOST}"),
        ratio <= GROWS_AT_MOST,
    );
    hand_over("counts", &rows)?;
    Ok(holds)
}

/// Whether this processor is of the kind on which the bounds were counted: it computes checksums with an
/// instruction that others lack.
fn is_reference_processor() -> bool {
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

fn report(line: &str, holds: bool) -> bool {
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

/// The counts of one repetition.
fn each(what: &str, times: u64) -> Result<Counts> {
    let more = counted(what, 2 * times)?.less(counted(what, times)?);
    let once = |of: f64| of / times as f64;
    Ok(Counts { instructions: once(more.instructions), allocations: once(more.allocations), calls: once(more.calls) })
}

/// The counts of this program in the role `run`.
fn counted(what: &str, times: u64) -> Result<Counts> {
    // "==7== Collected : 123456"
    let output = valgrind(&["--tool=callgrind", "--callgrind-out-file=/dev/null"], what, times)?;
    let instructions = number_after(&output, "Collected : ").ok_or("callgrind printed no count")?;
    // "==7==   total heap usage: 1,234 allocs, …", and a line per system call. Only under valgrind does reading the clock take one.
    let output = valgrind(&["--leak-check=no", "--undef-value-errors=no", "--trace-syscalls=yes"], what, times)?;
    let allocations = number_after(&output, "total heap usage: ").ok_or("memcheck printed no count")?;
    let calls = output.lines().filter(|line| line.starts_with("SYSCALL[") && !line.contains("clock_gettime")).count();
    Ok(Counts { instructions, allocations, calls: calls as f64 })
}

fn valgrind(options: &[&str], what: &str, times: u64) -> Result<String> {
    let program = std::env::current_exe()?;
    let output =
        Command::new("valgrind").args(options).arg(program).args(["run", what, &times.to_string()]).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(stderr) } else { Err(format!("{what}: {stderr}").into()) }
}

fn number_after(text: &str, words: &str) -> Option<f64> {
    let (_, rest) = text.lines().find_map(|line| line.split_once(words))?;
    rest.split(' ').next()?.replace(',', "").parse().ok()
}

/// Runs a workload.
fn run(what: &str, times: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let ring = folder.path().join("ring");
    let _reader = Reader::open(&ring, RING)?;
    match what {
        "record" => return records(&ring, 0, times),
        // Filled to 80 %: above 87.5 % the ring accepts only ends and errors.
        "late record" => return records(&ring, RING / 10 * 8 / 400, times),
        _ => (),
    }
    // Its receive buffer fills, and the kernel drops the rest; that costs no instruction here.
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    let address = daemon.local_addr()?.to_string();
    let (has_lines, daemon) = (matches!(what, "line" | "request"), (what == "request").then_some(address.as_str()));
    let output = File::options().write(true).open("/dev/null")?;
    let observed = Observed::new(&Destinations { has_lines, daemon, ring: Some((&ring, RING)) }, output.as_fd())?;
    match what {
        // All spans are in one request.
        "span" => observed.serve(REQUEST, times as usize),
        "line" | "no line" => (0..times).for_each(|_| observed.serve(REQUEST, 0)),
        "request" => (0..times).for_each(|_| observed.serve(REQUEST, 4)),
        "10 spans" => (0..times).for_each(|_| observed.serve(REQUEST, 9)),
        _ => (0..times).for_each(|_| observed.serve(REQUEST, 999)),
    }
    Ok(())
}

/// Writes `times` records after `before` others.
fn records(ring: &Path, before: u64, times: u64) -> Result<()> {
    let writer = Writer::open(ring, RING)?;
    for _ in 0..before + times {
        writer.write(Kind::SpanEnded, 1, &[std::hint::black_box(&RECORD)])?;
    }
    Ok(())
}
