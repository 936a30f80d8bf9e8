//! Measures how long processes take to their first `/next`, and an environment to its first
//! response.

use std::io;
use std::time::{Duration, Instant};

use crate::median;
use crate::platform::{Milestone, Platform};
use crate::process::{Process, variables};
use crate::sink::Sink;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extension {
    None,
    Least,
    Layer,
}

/// Start times in milliseconds.
pub(crate) struct Starts {
    /// From spawn to the first `/next`: a bare function, one with telemetry, and the layer.
    pub(crate) bare: f64,
    pub(crate) observed: f64,
    pub(crate) layer: f64,
    /// What the layer adds to a cold start, over a register-only extension: until all have
    /// requested `/next`, and until the first response.
    pub(crate) cold_over_least: [f64; 2],
}

/// Prints and returns the medians of `rounds` rounds.
pub(crate) fn measure(rounds: usize) -> io::Result<Starts> {
    let mut alone = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut together = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..rounds {
        alone[0].push(first_next(Milestone::FunctionReady, |program| program.function("bare-function"))?);
        alone[1].push(first_next(Milestone::FunctionReady, |program| program.function("observed-function"))?);
        alone[2].push(first_next(Milestone::ExtensionReady, |program| program.extension(Extension::Least))?);
        alone[3].push(first_next(Milestone::ExtensionReady, |program| program.extension(Extension::Layer))?);
        for (extension, took) in [Extension::None, Extension::Least, Extension::Layer].into_iter().zip(&mut together) {
            took.push(first_answer(extension)?);
        }
    }
    let [bare, observed, least, layer] = alone.map(|took| median(took) * 1e3);
    println!("spawn to first /next: bare function {bare:.2} ms, observed {observed:.2} ms (+{:.2})", observed - bare);
    println!(
        "spawn to first /next: register-only extension {least:.2} ms, layer {layer:.2} ms (+{:.2})",
        layer - least
    );
    let took = |at: usize, of: usize| median(together[at].iter().map(|took: &[f64; 2]| took[of] * 1e3).collect());
    let over_least = |of: usize, what: &str| {
        let (none, least, layer) = (took(0, of), took(1, of), took(2, of));
        println!(
            "cold start until {what}: no extension {none:.2} ms, register-only {:+.2}, layer {:+.2} ({:+.2} over register-only)",
            least - none,
            layer - none,
            layer - least
        );
        layer - least
    };
    let cold_over_least = [over_least(0, "all have requested /next"), over_least(1, "first response")];
    Ok(Starts { bare, observed, layer, cold_over_least })
}

/// An environment that starts.
struct Start {
    platform: Platform,
    folder: tempfile::TempDir,
    sink: Sink,
}

impl Start {
    fn new() -> io::Result<Self> {
        let (platform, folder) = (Platform::start()?, tempfile::tempdir()?);
        Ok(Self { platform, folder, sink: Sink::start(Duration::ZERO)? })
    }

    fn function(&self, role: &str) -> io::Result<Option<Process>> {
        Process::own(role, &variables(&self.platform, self.folder.path(), Some(&self.sink))).map(Some)
    }

    fn extension(&self, extension: Extension) -> io::Result<Option<Process>> {
        let variables = variables(&self.platform, self.folder.path(), Some(&self.sink));
        match extension {
            Extension::None => Ok(None),
            Extension::Least => Process::own("register-only", &variables).map(Some),
            Extension::Layer => Process::layer(&variables).map(Some),
        }
    }
}

fn first_next(asked: Milestone, spawn: impl Fn(&Start) -> io::Result<Option<Process>>) -> io::Result<f64> {
    let start = Start::new()?;
    let began = Instant::now();
    let _process = spawn(&start)?;
    let [asked] = start.platform.wait([asked]);
    Ok((asked - began).as_secs_f64())
}

/// Starts the extension, the function once it has registered, and an invocation once both have
/// requested `/next`.
fn first_answer(extension: Extension) -> io::Result<[f64; 2]> {
    let mut start = Start::new()?;
    let began = Instant::now();
    let process = start.extension(extension)?;
    if process.is_some() {
        start.platform.wait([Milestone::Registered]);
    }
    let _function = start.function("observed-function")?;
    let asked = match process {
        Some(_) => start.platform.wait([Milestone::FunctionReady, Milestone::ExtensionReady]).into_iter().max(),
        None => start.platform.wait([Milestone::FunctionReady]).into_iter().max(),
    };
    let asked = asked.unwrap_or(began) - began;
    let took = start.platform.invoke(process.is_some());
    Ok([asked.as_secs_f64(), (asked + took.response).as_secs_f64()])
}
