//! The layer's figures: how fast it starts, what it holds, what it carries, and what an invocation costs with it. Processes and sockets
//! are real; Lambda and the vendor are the least that can be (`platform.rs`, `sink.rs`). Figures are medians of rounds that alternate.
//!
//! `CRUDDER_BENCH_ROUNDS` multiplies the rounds: 1 unless set.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

mod cycles;
mod http;
mod load;
mod platform;
mod process;
mod sink;
mod starts;
mod work;

use std::error::Error;

const STARTS: usize = 40;
const THROUGHPUTS: usize = 5;
const CYCLES: usize = 80;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    match std::env::args().nth(1).as_deref() {
        Some("bare-function") => work::bare_function(),
        Some("observed-function") => work::observed_function(),
        Some("register-only") => Ok(work::register_only(&setting("AWS_LAMBDA_RUNTIME_API").unwrap_or_default())?),
        _ => {
            let times = setting("CRUDDER_BENCH_ROUNDS").and_then(|value| value.parse().ok()).unwrap_or(1);
            Ok(measure(times)?)
        }
    }
}

fn measure(times: usize) -> std::io::Result<()> {
    starts::measure(STARTS * times)?;
    load::memory()?;
    load::throughput(THROUGHPUTS * times)?;
    cycles::measure(CYCLES * times)
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads its environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}"))
}
