//! Instructions of what every request pays for, counted by callgrind: the same figure on a loaded machine as on a quiet one, so that nothing
//! creeps. Each work is done so many times and twice as many times, and the difference divided: starting costs nothing. `check` holds the
//! counts against their bounds.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

#[path = "../../../benches/shared/observed.rs"]
mod observed;
#[path = "../../../benches/shared/work.rs"]
mod request;

use std::error::Error;
use std::fs::File;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Output};

use crudder_recorder::{Kind, Reader, Writer};
use crudder_telemetry::ACCESS;
use observed::{Observed, Planes};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Enough that an allocation or a page that comes now and then does not show; the ring holds twice as many.
const TIMES: u64 = 400;
const RING: u64 = 1 << 23;
const RECORD: [u8; 300] = [7; 300];
const REQUEST: &str = "8f7c2e1a-0000-4000-8000-0123456789ab";

/// A bound is what was counted and a tenth: another processor takes another `memcpy`.
const BOUNDS: [(&str, f64); 4] = [
    ("a record of 300 bytes", 940.0),
    ("a span of four attributes, opened and closed", 26_500.0),
    ("an access line", 17_400.0),
    ("a request of five spans, a line, X-Ray", 258_000.0),
];
/// Promise 11, and the same of a ring that is all but full: a record is a record wherever it lies.
const GROWS_AT_MOST: f64 = 1.2;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", what, times] => run(what, times.parse()?),
        [] => count().map(drop),
        ["check"] if count()? => Ok(()),
        _ => Err("a bound does not hold".into()),
    }
}

/// Says whether all is within its bounds; where there is no valgrind, nothing is.
fn count() -> Result<bool> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions: not counted, valgrind is not installed (apt-get install valgrind)");
        return Ok(false);
    }
    let line = each("line")? - each("no line")?;
    let counts = [each("record")?, each("span")?, line, each("request")?];
    let mut holds = true;
    for ((what, bound), count) in BOUNDS.into_iter().zip(counts) {
        holds &= tell(&format!("{what}: {count:.0} instructions"), count, bound);
    }
    let (few, many) = (each("10 spans")? / 10.0, each("1000 spans")? / 1_000.0);
    holds &= tell(&format!("a span in a request of 1,000: x{:.2} of one in 10", many / few), many / few, GROWS_AT_MOST);
    let ratio = each("late record")? / counts[0];
    holds &= tell(&format!("a record in a ring 80 % full: x{ratio:.2} of one in an empty ring"), ratio, GROWS_AT_MOST);
    Ok(holds)
}

fn tell(line: &str, figure: f64, bound: f64) -> bool {
    println!("{} {line}, at most {bound}", if figure <= bound { "ok    " } else { "BROKEN" });
    figure <= bound
}

/// Instructions of doing it once.
fn each(what: &str) -> Result<f64> {
    let times = if what == "1000 spans" { 4 } else { TIMES };
    let (once, twice) = (counted(what, times)?, counted(what, 2 * times)?);
    Ok((twice - once) / times as f64)
}

/// Instructions of this program in the role of `run`.
fn counted(what: &str, times: u64) -> Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(std::env::current_exe()?);
    let Output { status, stderr, .. } = valgrind.args(["run", what, &times.to_string()]).output()?;
    let said = String::from_utf8_lossy(&stderr);
    // "==7== Collected : 123456"
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")).filter(|_| status.success());
    Ok(collected.ok_or_else(|| format!("{what}: {said}"))?.1.trim().parse()?)
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
