//! Measures the layer under load: its memory, and its cost per span.

use std::io;
use std::time::{Duration, Instant};

use crate::median;
use crate::platform::{Milestone, Platform};
use crate::process::{Process, variables};
use crate::sink::Sink;
use crate::work::{Inner, SPANS};

/// The recorder's own default.
const RING: u64 = 1 << 20;
/// A ring that holds all requests of a round.
pub(crate) const LARGE_RING: u64 = 1 << 27;
/// Enough work that steps of ten milliseconds of CPU do not matter; less than the large ring holds.
const REQUESTS: u64 = if cfg!(debug_assertions) { 4_000 } else { 20_000 };
/// 10,000 spans a second.
const EVERY: Duration = Duration::from_micros(500);
const LOADED: u64 = 6_000;

/// An extension that has requested its first event, with a platform, a function and a destination.
pub(crate) struct Bench {
    pub(crate) layer: Process,
    pub(crate) platform: Platform,
    pub(crate) inner: Inner,
    pub(crate) sink: Sink,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(ring: u64) -> io::Result<Self> {
        Self::of(ring, "on-demand")
    }

    fn of(ring: u64, initialization: &str) -> io::Result<Self> {
        let (platform, sink, folder) = (Platform::start()?, Sink::start(Duration::ZERO)?, tempfile::tempdir()?);
        let mut variables = variables(&platform, folder.path(), Some(&sink));
        variables.insert("CRUDDER_RECORDER_BYTES", ring.to_string());
        // The extension sends everything before `/next`, however long that takes.
        variables.insert("CRUDDER_FLUSH_BUDGET_MS", "300000".to_owned());
        variables.insert("AWS_LAMBDA_INITIALIZATION_TYPE", initialization.to_owned());
        let layer = Process::layer(&variables)?;
        platform.wait([Milestone::ExtensionReady]);
        let inner = Inner::writing_to(&folder.path().join("ring"), ring)?;
        Ok(Self { layer, platform, inner, sink, _folder: folder })
    }
}

/// Prints and returns the layer's memory in megabytes, idle and at ten thousand spans per second.
pub(crate) fn memory() -> io::Result<[f64; 2]> {
    let mut bench = Bench::new(RING)?;
    let idle = bench.layer.resident()?;
    let (began, cpu) = (Instant::now(), bench.layer.cpu()?);
    let mut highest = idle;
    for number in 0..LOADED {
        std::thread::park_timeout((EVERY * number as u32).saturating_sub(began.elapsed()));
        let id = bench.platform.next_id();
        bench.platform.announce(&id);
        bench.inner.serve(&id, SPANS);
        bench.platform.wait([Milestone::ExtensionReady]);
        if number % 50 == 0 {
            highest = highest.max(bench.layer.resident()?);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = (LOADED * SPANS) as f64 / seconds;
    let share = (bench.layer.cpu()? - cpu) / seconds * 100.0;
    println!(
        "layer, RSS: idle {idle:.1} MB; at {rate:.0} spans a second at most {highest:.1} MB, {share:.0} % of a core"
    );
    Ok([idle, highest])
}

/// How the spans get to the extension.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// From a ring that was filled while the extension was frozen.
    Filled,
    /// One request at a time: each wakes the extension, because `/next` may wait for it.
    OneByOne,
    /// As on Managed Instances, where requests run concurrently and none waits for the extension.
    Concurrent,
}

/// Prints and returns how many spans the extension exports per CPU second to a destination that
/// responds at once: from a full ring, from one that a function fills request by request, and as on
/// Managed Instances.
pub(crate) fn throughput(rounds: usize) -> io::Result<[f64; 3]> {
    let ways = [Arrival::Filled, Arrival::OneByOne, Arrival::Concurrent];
    let mut found = ways.map(|_| Vec::new());
    for _ in 0..rounds {
        for (way, found) in ways.into_iter().zip(&mut found) {
            found.push(spans_per_cpu_second(way)?);
        }
    }
    let [filled, alone, together] = found.map(median);
    println!(
        "throughput, spans per CPU second of the layer: {filled:.0} out of a full ring, {alone:.0} woken for each request, {together:.0} on Managed Instances"
    );
    Ok([filled, alone, together])
}

fn spans_per_cpu_second(arrival: Arrival) -> io::Result<f64> {
    let initialization = if arrival == Arrival::Concurrent { "lambda-managed-instances" } else { "on-demand" };
    let mut bench = Bench::of(LARGE_RING, initialization)?;
    let cpu = bench.layer.cpu()?;
    if arrival == Arrival::Filled {
        bench.layer.freeze()?;
    }
    let mut id = String::new();
    for _ in 0..REQUESTS {
        id = bench.platform.next_id();
        bench.inner.serve(&id, SPANS);
    }
    if arrival == Arrival::Concurrent {
        bench.sink.wait_for(REQUESTS * SPANS);
    } else {
        bench.layer.resume()?;
        // The last request is announced as being served, so the extension holds `/next` until
        // everything is delivered.
        bench.platform.announce(&id);
        bench.platform.wait([Milestone::ExtensionReady]);
    }
    let delivered = bench.sink.spans();
    assert_eq!(delivered, REQUESTS * SPANS, "undelivered spans would count as fast");
    Ok(delivered as f64 / (bench.layer.cpu()? - cpu))
}
