//! What telemetry costs a request: one root span, four children with two to four attributes, one access line, X-Ray sampled, all in the
//! recorder. Each figure is the median of rounds that alternate with the same work under no telemetry.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

#[path = "../../../benches/shared/work.rs"]
mod request;

use std::future::Future;
use std::io::Read;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crudder_recorder::Reader;
use crudder_telemetry::{ACCESS, Config, End, HttpRequest, Invocation, Telemetry, Trigger};
use request::work;
use tracing::{Dispatch, dispatcher};

const ROUNDS: usize = 60;
const REQUESTS: usize = 100;
const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = UdpSocket::bind("127.0.0.1:0").expect("a port");
    daemon.set_nonblocking(true).expect("a socket takes that");
    let address = daemon.local_addr().expect("it is bound").to_string();
    let ring = folder.path().join("ring");
    let mut reader = Reader::open(&ring, 1 << 22).expect("a ring");
    let nowhere = Path::new("/proc/nowhere/ring");
    let plans = [
        ("spans alone", planned("off", None, nowhere)),
        ("spans, line", planned("on", None, nowhere)),
        ("spans, X-Ray", planned("off", Some(&address), nowhere)),
        ("spans, recorder", planned("off", None, &ring)),
        ("all", planned("on", Some(&address), &ring)),
        ("all but the line", planned("off", Some(&address), &ring)),
    ];
    let mut costs = vec![Vec::new(); plans.len()];
    let mut bare = Vec::new();
    for _ in 0..ROUNDS {
        bare.push(round(|| ready(work(4))));
        for (plan, costs) in plans.iter().zip(&mut costs) {
            costs.push(dispatcher::with_default(&plan.1.1, || round(|| observed(&plan.1.0, 4))));
            drain(&daemon, &mut reader);
        }
    }
    let bare = Cost::median(&bare);
    println!("bare: {:.2} us of time, {:.2} us of CPU a request", bare.wall, bare.cpu);
    for ((name, _), costs) in plans.iter().zip(&costs) {
        let cost = Cost::median(costs);
        println!("{name}: +{:.2} us of time, +{:.2} us of CPU a request", cost.wall - bare.wall, cost.cpu - bare.cpu);
    }
    per_span(&plans[5].1, &daemon, &mut reader);
    errors(&plans[5].1);
}

/// What an error costs; with `RUST_LIB_BACKTRACE=1`, its backtrace included.
fn errors((telemetry, dispatch): &(Telemetry, Dispatch)) {
    let fail = |number: usize| async move { tracing::error!(number, "a failure on purpose, number {number}") };
    let costs = (0..ROUNDS).map(|number| {
        let invocation = Invocation::new("8f7c2e1a", Trigger::Other("failing"));
        let failing = || ready(telemetry.observe(invocation, fail(number), |()| End::http(500)));
        dispatcher::with_default(dispatch, || measured(1, failing))
    });
    let costs = costs.collect::<Vec<_>>();
    println!("an error: {:.0} us of CPU the first time, {:.0} us later", costs[0].cpu, Cost::median(&costs[1..]).cpu);
}

/// How the cost of a span changes as a request grows.
fn per_span(plan: &(Telemetry, Dispatch), daemon: &UdpSocket, reader: &mut Reader) {
    for spans in [10, 100, 1_000] {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS / 2 {
            costs.push(dispatcher::with_default(&plan.1, || measured(spans, || observed(&plan.0, spans - 1))));
            drain(daemon, reader);
        }
        let cost = Cost::median(&costs);
        println!("{spans} spans: {:.2} us of time, {:.2} us of CPU a span", cost.wall, cost.cpu);
    }
}

fn planned(lines: &str, daemon: Option<&str>, ring: &Path) -> (Telemetry, Dispatch) {
    let config = Config::read(|name| match name {
        "AWS_LAMBDA_LOG_LEVEL" => Some(if lines == "on" { "INFO" } else { "FATAL" }.to_owned()),
        "AWS_XRAY_DAEMON_ADDRESS" => daemon.map(str::to_owned),
        "CRUDDER_RECORDER" => Some(ring.display().to_string()),
        "CRUDDER_RECORDER_BYTES" => Some((1 << 22).to_string()),
        _ => None,
    });
    let (mut read, write) = std::io::pipe().expect("a pipe");
    std::thread::spawn(move || while matches!(read.read(&mut [0; 1 << 16]), Ok(1..)) {});
    Telemetry::scoped(config.expect("good values"), write.as_fd()).expect("a pipe can be looked at")
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

fn observed(telemetry: &Telemetry, children: usize) {
    let http = HttpRequest {
        method: "GET",
        route: "/api/activities/home",
        path: "/api/activities/home",
        scheme: "https",
        client_address: Some("203.0.113.7"),
        user_agent: Some("curl/8.5.0"),
        server_address: Some("api.example.test"),
        ..HttpRequest::default()
    };
    let invocation = Invocation::new("8f7c2e1a-0000-4000-8000-0123456789ab", Trigger::Http(http));
    ready(telemetry.observe(invocation.with_trace_header(Some(HEADER)), work(children), |()| End::http(200)));
}

fn drain(daemon: &UdpSocket, reader: &mut Reader) {
    while daemon.recv(&mut [0; 1 << 16]).is_ok() {}
    while let Some(end) = reader.read().map(|record| record.end) {
        reader.acknowledge(end);
    }
}

fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
