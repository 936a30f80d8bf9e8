//! The layer under load: what it holds in memory, and what a span costs it.

use std::io;
use std::time::{Duration, Instant};

use crate::median;
use crate::platform::{Platform, Seen};
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

/// A layer that has asked for its first event, and what it stands between.
pub(crate) struct Bench {
    pub(crate) layer: Process,
    pub(crate) platform: Platform,
    pub(crate) inner: Inner,
    pub(crate) sink: Sink,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(ring: u64) -> io::Result<Self> {
        let (platform, sink, folder) = (Platform::start()?, Sink::start(Duration::ZERO)?, tempfile::tempdir()?);
        let mut variables = variables(&platform, folder.path(), Some(&sink));
        variables.insert("CRUDDER_RECORDER_BYTES", ring.to_string());
        // All of it is to be sent before `/next`, however long that takes.
        variables.insert("CRUDDER_FLUSH_BUDGET_MS", "300000".to_owned());
        let layer = Process::layer(&variables)?;
        platform.wait([Seen::ExtensionAsked]);
        let inner = Inner::writing_to(&folder.path().join("ring"), ring)?;
        Ok(Self { layer, platform, inner, sink, _folder: folder })
    }
}

/// Prints and returns what the layer holds idle and at ten thousand spans a second, in megabytes.
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
        bench.platform.wait([Seen::ExtensionAsked]);
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

/// Prints and returns how many spans a CPU second of the layer's carries to a vendor that answers at once: out of a ring that was filled while the
/// layer was frozen, and out of one that a function fills while the layer reads along.
pub(crate) fn throughput(rounds: usize) -> io::Result<[f64; 2]> {
    let (mut filled, mut alongside) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        filled.push(spans_a_cpu_second(true)?);
        alongside.push(spans_a_cpu_second(false)?);
    }
    let (filled, alongside) = (median(filled), median(alongside));
    println!(
        "throughput, spans per CPU second of the layer: {filled:.0} out of a full ring, {alongside:.0} reading along"
    );
    Ok([filled, alongside])
}

fn spans_a_cpu_second(is_frozen: bool) -> io::Result<f64> {
    let mut bench = Bench::new(LARGE_RING)?;
    let cpu = bench.layer.cpu()?;
    if is_frozen {
        bench.layer.freeze()?;
    }
    let mut id = String::new();
    for _ in 0..REQUESTS {
        id = bench.platform.next_id();
        bench.inner.serve(&id, SPANS);
    }
    bench.layer.resume()?;
    // The last of them is being served, so the layer holds `/next` until all is delivered.
    bench.platform.announce(&id);
    bench.platform.wait([Seen::ExtensionAsked]);
    let delivered = bench.sink.spans();
    assert_eq!(delivered, REQUESTS * SPANS, "what is not delivered would count as fast");
    Ok(delivered as f64 / (bench.layer.cpu()? - cpu))
}
