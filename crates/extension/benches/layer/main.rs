//! Measures the layer: how fast it starts, its memory, its throughput, and what it adds to an
//! invocation. Processes and sockets are real; Lambda and the destination are minimal
//! (`platform.rs`, `sink.rs`). Figures are medians of alternating rounds.
//!
//! `CRUDDER_BENCH_ROUNDS` multiplies the rounds: 1 unless set. `CRUDDER_BENCH_PEERS` is the folder
//! of `benches/peers`' programs, which are measured in the same rounds, and `CRUDDER_ROTEL` is a
//! receiver to measure beside the layer; `make bench` builds and sets them. Arguments name the
//! parts to measure: `starts`, `load`, `growth`, `cycles`, `throttled`, `sizes`; `check` compares
//! the figures with bounds.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

mod arrangement;
mod awake;
mod check;
mod cycles;
mod growth;
mod http;
mod load;
mod platform;
mod process;
mod promises;
mod receivers;
#[path = "../../../../benches/shared/rows.rs"]
mod rows;
mod share;
mod sink;
mod sizes;
mod starts;
mod work;

use std::error::Error;
use std::net::UdpSocket;
use std::path::PathBuf;

use awake::Awake;
use rows::hand_over;

const STARTS: usize = 40;
const THROUGHPUTS: usize = 5;
const CYCLES: usize = 80;
/// A request on a seventh of a core takes seven times as long.
const THROTTLED: usize = 12;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    match std::env::args().nth(1).as_deref() {
        Some("bare-function") => work::bare_function(),
        Some("observed-function") => work::observed_function(),
        Some("keep-awake") => awake::spin(),
        Some("writing-function") => work::writing_function(&set("AWS_XRAY_DAEMON_ADDRESS"), &set("CRUDDER_RECORDER")),
        Some("register-only") => Ok(work::register_only(&set("AWS_LAMBDA_RUNTIME_API"), &set("CRUDDER_RECORDER"))?),
        _ => {
            let times = setting("CRUDDER_BENCH_ROUNDS").and_then(|value| value.parse().ok()).unwrap_or(1);
            Ok(measure(times)?)
        }
    }
}

/// Measures everything, or the named parts.
fn measure(times: usize) -> std::io::Result<()> {
    let named: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let _awake = Awake::start()?;
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    let address = daemon.local_addr()?.to_string();
    std::thread::spawn(move || {
        awake::lower_priority();
        while daemon.recv(&mut [0; 1 << 16]).is_ok() {}
    });
    if named.iter().any(|named| named == "check") {
        return check::measure(&address);
    }
    let wants = |part: &str| named.is_empty() || named.iter().any(|named| named == part);
    if wants("sizes") {
        hand_over("sizes", &sizes::measure()?)?;
    }
    if wants("starts") {
        hand_over("starts", &promises::of_starts(&starts::measure(STARTS * times)?))?;
    }
    if wants("load") {
        let (memory, throughput) = (load::memory()?, load::throughput(THROUGHPUTS * times)?);
        let mut rows = Vec::from(promises::of_load(memory, throughput));
        if let Some(rotel) = setting("CRUDDER_ROTEL") {
            rows.push(receivers::measure(rotel.as_ref(), throughput[2])?);
        }
        hand_over("load", &rows)?;
    }
    if wants("growth") {
        hand_over("growth-of-requests", &[growth::as_requests_grow()?, growth::as_environments_grow(&address)?])?;
    }
    if wants("cycles") {
        hand_over("cycles", &promises::of_cycles(&cycles::measure(CYCLES * times, &address, None)?))?;
    }
    if wants("throttled") {
        return match cycles::measure(THROTTLED * times, &address, Some(share::OF_256_MB)) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                println!("on a part of a core: not measured, this user may not create a control group ({error})");
                Ok(())
            }
            measured => hand_over("throttled", &[promises::of_throttled(&measured?)]),
        };
    }
    Ok(())
}

/// Returns the folder of the programs of `benches/peers`, if it is set: `make bench` builds them.
fn peers() -> Option<PathBuf> {
    setting("CRUDDER_BENCH_PEERS").map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads its environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns a variable of a program under test.
fn set(name: &str) -> String {
    setting(name).unwrap_or_default()
}

fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * percent / 100]
}
