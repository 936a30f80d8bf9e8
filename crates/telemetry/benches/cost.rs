//! What telemetry costs a request: one root span, four children with two to four attributes, one access line, X-Ray sampled, all in the
//! recorder. Each figure is the median of rounds that alternate with the same work under no telemetry.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

#[path = "../../../benches/shared/observed.rs"]
mod observed;
#[path = "../../../benches/shared/work.rs"]
mod request;
#[path = "../../../benches/shared/rows.rs"]
mod rows;

use std::io::Read;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Instant;

use crudder_recorder::{Kind, Reader, Writer};
use crudder_telemetry::{ACCESS, Invocation, Trigger};
use observed::{Observed, Planes, ready};
use request::work;
use rows::{Row, hand_over};

const ROUNDS: usize = 60;
const REQUESTS: usize = 100;
const REQUEST: &str = "8f7c2e1a-0000-4000-8000-0123456789ab";
const RING: u64 = 1 << 22;
/// So few requests that the ring stays about as full as it was.
const FEW: usize = 10;

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    daemon.set_nonblocking(true)?;
    let address = daemon.local_addr()?.to_string();
    let ring = folder.path().join("ring");
    let mut reader = Reader::open(&ring, RING).map_err(std::io::Error::other)?;
    let (daemon_at, ring_at) = (Some(address.as_str()), Some((ring.as_path(), RING)));
    let plans = [
        ("spans alone", planned(&Planes::default())?),
        ("spans, line", planned(&Planes { has_lines: true, ..Planes::default() })?),
        ("spans, X-Ray", planned(&Planes { daemon: daemon_at, ..Planes::default() })?),
        ("spans, recorder", planned(&Planes { ring: ring_at, ..Planes::default() })?),
        ("all", planned(&Planes { has_lines: true, daemon: daemon_at, ring: ring_at })?),
        ("all but the line", planned(&Planes { has_lines: false, daemon: daemon_at, ring: ring_at })?),
    ];
    let mut costs = vec![Vec::new(); plans.len()];
    let mut bare = Vec::new();
    for _ in 0..ROUNDS {
        bare.push(round(|| ready(work(4))));
        for (plan, costs) in plans.iter().zip(&mut costs) {
            costs.push(round(|| plan.1.serve(REQUEST, 4)));
            drain(&daemon, &mut reader);
        }
    }
    let bare = Cost::median(&bare);
    println!("bare: {:.2} us of time, {:.2} us of CPU a request", bare.wall, bare.cpu);
    for ((name, _), costs) in plans.iter().zip(&costs) {
        let cost = Cost::median(costs);
        println!("{name}: +{:.2} us of time, +{:.2} us of CPU a request", cost.wall - bare.wall, cost.cpu - bare.cpu);
    }
    let (all, quiet) = (Cost::median(&costs[4]), Cost::median(&costs[5]));
    let own = format!("+{:.1} us; without the line +{:.1} us", all.cpu - bare.cpu, quiet.cpu - bare.cpu);
    let rows = [
        Row::new("-", "telemetry's own CPU of a request, in one process, no layer", "", own, None),
        as_spans_grow(&plans[5].1, &daemon, &mut reader),
        as_the_ring_fills(&plans[4].1, &ring, &daemon, &mut reader)?,
    ];
    errors(&plans[5].1);
    hand_over("cost", &rows)
}

/// What an error costs; with `RUST_LIB_BACKTRACE=1`, its backtrace included.
fn errors(observed: &Observed) {
    let fail = |number: usize| async move { tracing::error!(number, "a failure on purpose, number {number}") };
    let failing = |number| observed.run(Invocation::new("8f7c2e1a", Trigger::Other("failing")), fail(number), 500);
    let costs = (0..ROUNDS).map(|number| measured(1, || failing(number))).collect::<Vec<_>>();
    println!("an error: {:.0} us of CPU the first time, {:.0} us later", costs[0].cpu, Cost::median(&costs[1..]).cpu);
}

/// How the cost of a span changes as a request grows.
fn as_spans_grow(observed: &Observed, daemon: &UdpSocket, reader: &mut Reader) -> Row {
    let mut found = Vec::new();
    for spans in [1, 10, 100, 1_000] {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS / 2 {
            costs.push(measured(spans, || observed.serve(REQUEST, spans - 1)));
            drain(daemon, reader);
        }
        let cost = Cost::median(&costs);
        println!("{spans} spans: {:.2} us of time, {:.2} us of CPU a span", cost.wall, cost.cpu);
        found.push(cost.cpu);
    }
    let ratio = found[3] / found[1];
    let figure =
        format!("x{ratio:.2}: {:.1}, {:.1}, {:.1} us of CPU a span of 10, 100, 1,000", found[1], found[2], found[3]);
    Row::new(
        "11a",
        "cost per span as a request grows from 10 to 1,000 spans, in the function",
        "at most x1.2",
        figure,
        ratio <= 1.2,
    )
}

/// The cost of a request in a ring that nobody empties. Above 87.5 % starts of spans are dropped, so that ends and errors have room.
fn as_the_ring_fills(
    observed: &Observed,
    ring: &Path,
    daemon: &UdpSocket,
    reader: &mut Reader,
) -> std::io::Result<Row> {
    let writer = Writer::open(ring, RING).map_err(std::io::Error::other)?;
    let mut found = Vec::new();
    for percent in [0, 25, 50, 75, 95] {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            drain(daemon, reader);
            // A full ring takes no more, a little short of its end.
            while reader.stats().used_bytes * 100 < RING * percent
                && writer.write(Kind::SpanEnded, 1, &[&[7; 300]]).is_ok()
            {}
            costs.push(measured(FEW, || (0..FEW).for_each(|_| observed.serve(REQUEST, 4))));
        }
        let cost = Cost::median(&costs);
        println!("ring {percent} % full: {:.2} us of time, {:.2} us of CPU a request", cost.wall, cost.cpu);
        found.push(format!("{:.1}", cost.cpu));
    }
    drain(daemon, reader);
    let figure = format!("{} us of CPU", found.join(", "));
    Ok(Row::new("-", "a request as the ring fills: 0, 25, 50, 75, 95 % full", "", figure, None))
}

fn planned(planes: &Planes<'_>) -> std::io::Result<Observed> {
    let (mut read, write) = std::io::pipe()?;
    std::thread::spawn(move || while matches!(read.read(&mut [0; 1 << 16]), Ok(1..)) {});
    Observed::new(planes, write.as_fd())
}

fn round(request: impl Fn()) -> Cost {
    measured(REQUESTS, || (0..REQUESTS).for_each(|_| request()))
}

/// Microseconds for one of several.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
}

impl Cost {
    fn median(of: &[Self]) -> Self {
        Self { wall: median(of.iter().map(|cost| cost.wall)), cpu: median(of.iter().map(|cost| cost.cpu)) }
    }
}

fn measured(count: usize, work: impl FnOnce()) -> Cost {
    let (wall, cpu) = (Instant::now(), cpu_time());
    work();
    let micros = |seconds: f64| seconds * 1e6 / count as f64;
    Cost { wall: micros(wall.elapsed().as_secs_f64()), cpu: micros(cpu_time() - cpu) }
}

/// Seconds that this thread has run.
fn cpu_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn drain(daemon: &UdpSocket, reader: &mut Reader) {
    while daemon.recv(&mut [0; 1 << 16]).is_ok() {}
    while let Some(end) = reader.read().map(|record| record.end) {
        reader.free_until(end);
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
