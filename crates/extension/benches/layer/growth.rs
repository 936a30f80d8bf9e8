//! Measures the cost per span as requests grow, and the cost per request as the number of
//! environments grows.

use std::io;
use std::time::{Duration, Instant};

use crate::arrangement::{Arrangement, WITH_LAYER, plan};
use crate::load::{Bench, LARGE_RING};
use crate::median;
use crate::platform::Milestone;
use crate::rows::Row;

/// For each size of request: enough that steps of ten milliseconds of CPU do not matter.
const SPANS: u64 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
/// More requests do not fit into the ring if the extension gets no core meanwhile.
const REQUESTS: u64 = 20_000;
const SIZES: [u64; 4] = [1, 10, 100, 1_000];
/// Rounds of fifty requests, all environments together.
const ROUNDS: usize = 128;
/// The pause after each round. Without it the ring fills if the destination's threads get no core,
/// and dropped spans cost nothing.
const PAUSE: Duration = Duration::from_millis(20);
/// On a machine so busy that the rounds take longer, fewer rounds must do.
const MAX_DURATION: Duration = Duration::from_secs(20);

/// Prints the cost per span in requests of one to a thousand spans.
pub(crate) fn as_requests_grow() -> io::Result<Row> {
    let mut layer = Vec::new();
    for size in SIZES {
        let (mine, theirs) = per_span(size)?;
        println!("{size} spans a request: {mine:.1} us of CPU a span in the function, {theirs:.1} in the layer");
        layer.push(theirs);
    }
    let ratio = layer[3] / layer[1];
    let figure = format!(
        "x{ratio:.2}: {:.1}, {:.1}, {:.1}, {:.1} us a span of 1, 10, 100, 1,000",
        layer[0], layer[1], layer[2], layer[3]
    );
    Ok(Row::new("11b", "the same in the layer", "at most x1.2", figure, ratio <= 1.2))
}

/// Returns the CPU microseconds per span of the function and of the extension that reads along.
fn per_span(size: u64) -> io::Result<(f64, f64)> {
    let mut bench = Bench::new(LARGE_RING)?;
    let (layer, function) = (bench.layer.cpu()?, own_cpu()?);
    let mut id = String::new();
    let requests = (SPANS / size).min(REQUESTS);
    for _ in 0..requests {
        id = bench.platform.next_id();
        bench.inner.serve(&id, size);
    }
    let function = own_cpu()? - function;
    bench.platform.announce(&id);
    bench.platform.wait([Milestone::ExtensionReady]);
    assert_eq!(bench.sink.spans(), requests * size, "undelivered spans would count as fast");
    let micros = |seconds: f64| seconds * 1e6 / (requests * size) as f64;
    Ok((micros(function), micros(bench.layer.cpu()? - layer)))
}

/// Returns the seconds that this thread has run (`/proc/thread-self/schedstat`, its first field in
/// nanoseconds).
fn own_cpu() -> io::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split(' ').next().unwrap_or_default().parse().map_err(io::Error::other)?;
    Ok(nanos / 1e9)
}

/// Prints the cost per request while one to sixteen environments serve at the same time, each with
/// its own extension.
pub(crate) fn as_environments_grow(daemon: &str) -> io::Result<Row> {
    let mut found = Vec::new();
    for count in [1, 2, 4, 8, 16] {
        let all =
            (0..count).map(|_| Arrangement::new(plan(WITH_LAYER), daemon, None)).collect::<io::Result<Vec<_>>>()?;
        let mut all: Vec<_> = all.into_iter().flatten().collect();
        for one in &mut all {
            one.round();
            one.forget()?;
        }
        let began = Instant::now();
        std::thread::scope(|scope| {
            for one in &mut all {
                scope.spawn(|| {
                    for _ in (0..ROUNDS / count).take_while(|_| began.elapsed() < MAX_DURATION) {
                        one.round();
                        std::thread::park_timeout(PAUSE);
                    }
                });
            }
        });
        let figures = all.iter().map(Arrangement::figures).collect::<io::Result<Vec<_>>>()?;
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / count as f64;
        let function = mean(figures.iter().map(|figures| figures.function).collect());
        let layer = mean(figures.iter().map(|figures| figures.extension).collect());
        let response = median(figures.iter().map(|figures| figures.response).collect());
        let held = all.iter().map(Arrangement::resident).collect::<io::Result<Vec<_>>>()?;
        let (functions, layers) =
            (mean(held.iter().map(|held| held.0).collect()), mean(held.iter().map(|held| held.1).collect()));
        println!(
            "{count} environments at once: {function:.0} us of CPU a request in the function, {layer:.0} in the layer, response p50 {response:.0} us; RSS {functions:.1} and {layers:.1} MB each"
        );
        found.push(format!("{:.0}", function + layer));
    }
    let figure = format!("{} us of CPU, function and layer", found.join(", "));
    Ok(Row::new("-", "a request while 1, 2, 4, 8, 16 environments serve on two cores", "", figure, None))
}
