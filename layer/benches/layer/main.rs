//! The layer's figures: how fast it starts, what it holds, what it carries, and what an invocation costs with it. Processes and sockets
//! are real; Lambda and the vendor are the least that can be (`platform.rs`, `sink.rs`). Figures are medians of rounds that alternate.
//!
//! `CRUDDER_BENCH_ROUNDS` multiplies the rounds: 1 unless set. `CRUDDER_BENCH_PEERS` is the folder of `benches/peers`' programs, which are
//! measured in the same rounds; `make bench` builds them and sets it. Arguments name the parts to measure: `starts`, `load`, `cycles`,
//! `throttled`; `check` holds the figures against bounds.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

mod awake;
mod check;
mod cycles;
mod http;
mod load;
mod platform;
mod process;
mod share;
mod sink;
mod starts;
mod work;

use std::error::Error;
use std::path::PathBuf;

const STARTS: usize = 40;
const THROUGHPUTS: usize = 5;
const CYCLES: usize = 80;
/// A request on a seventh of a core takes that much longer.
const THROTTLED: usize = 12;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    match std::env::args().nth(1).as_deref() {
        Some("bare-function") => work::bare_function(),
        Some("observed-function") => work::observed_function(),
        Some("keep-awake") => awake::spin(),
        Some("register-only") => Ok(work::register_only(&setting("AWS_LAMBDA_RUNTIME_API").unwrap_or_default())?),
        _ => {
            let times = setting("CRUDDER_BENCH_ROUNDS").and_then(|value| value.parse().ok()).unwrap_or(1);
            Ok(measure(times)?)
        }
    }
}

/// Everything, or the parts that are named.
fn measure(times: usize) -> std::io::Result<()> {
    let named: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    if named.iter().any(|named| named == "check") {
        return check::measure();
    }
    let wants = |part: &str| named.is_empty() || named.iter().any(|named| named == part);
    if wants("starts") {
        starts::measure(STARTS * times).map(drop)?;
    }
    if wants("load") {
        load::memory()?;
        load::throughput(THROUGHPUTS * times)?;
    }
    if wants("cycles") {
        cycles::measure(CYCLES * times, None)?;
    }
    if wants("throttled") {
        return match cycles::measure(THROTTLED * times, Some(share::OF_256_MB)) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                println!("on a part of a core: not measured, this user may make no control group ({error})");
                Ok(())
            }
            measured => measured.map(drop),
        };
    }
    Ok(())
}

/// Where the programs of `benches/peers` are, if anywhere: `make bench` builds them.
fn peers() -> Option<PathBuf> {
    setting("CRUDDER_BENCH_PEERS").map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads its environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * percent / 100]
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}"))
}
