//! What a span costs function and layer as requests grow, and a request as environments do.

use std::io;
use std::time::{Duration, Instant};

use crate::arrangement::{Arrangement, WITH_LAYER, plan};
use crate::load::{Bench, LARGE_RING};
use crate::median;
use crate::platform::Seen;
use crate::rows::Row;

/// In requests of whatever size: enough that steps of ten milliseconds of CPU do not matter.
const SPANS: u64 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
/// More requests than these do not fit into the ring, if the layer gets no core meanwhile.
const REQUESTS: u64 = 20_000;
const SIZES: [u64; 4] = [1, 10, 100, 1_000];
/// Requests of all environments together, in rounds of fifty.
const ROUNDS: usize = 128;
/// After each: or the ring fills where the vendor's threads get no core, and what is dropped costs nothing.
const REST: Duration = Duration::from_millis(20);
/// On a machine so busy that these take longer, fewer must do.
const LONGEST: Duration = Duration::from_secs(20);

/// Prints what a span costs in requests of one span to a thousand.
pub(crate) fn as_requests_grow() -> io::Result<Row> {
    let mut layer = Vec::new();
    for size in SIZES {
        let (mine, theirs) = a_span(size)?;
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

/// Microseconds of CPU, of the function and of the layer that reads along.
fn a_span(size: u64) -> io::Result<(f64, f64)> {
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
    bench.platform.wait([Seen::ExtensionAsked]);
    assert_eq!(bench.sink.spans(), requests * size, "what is not delivered would count as fast");
    let micros = |seconds: f64| seconds * 1e6 / (requests * size) as f64;
    Ok((micros(function), micros(bench.layer.cpu()? - layer)))
}

/// Seconds that this thread has run (`/proc/thread-self/schedstat`, its first field in nanoseconds).
fn own_cpu() -> io::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split(' ').next().unwrap_or_default().parse().map_err(io::Error::other)?;
    Ok(nanos / 1e9)
}

/// Prints what a request costs while one environment to sixteen serve at the same time, each with a layer of its own.
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
                    for _ in (0..ROUNDS / count).take_while(|_| began.elapsed() < LONGEST) {
                        one.round();
                        std::thread::park_timeout(REST);
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
