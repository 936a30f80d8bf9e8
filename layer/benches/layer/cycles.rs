//! What an invocation costs under each of several arrangements of function and extension.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use crate::awake::Awake;
use crate::platform::{Platform, Seen};
use crate::process::{Process, variables};
use crate::share::Share;
use crate::sink::Sink;
use crate::work::SPANS;
use crate::{median, peers, percentile};

/// Requests of one arrangement before the next has its turn.
const REQUESTS: usize = 50;
/// The same of those that wait for a slow vendor at each.
const WAITING: usize = 5;
/// As real vendors answer.
const SLOW: Duration = Duration::from_millis(20);

/// A function and, maybe, its extension.
struct Arrangement {
    name: &'static str,
    function: Process,
    extension: Option<Process>,
    has_extension: bool,
    /// In a round.
    requests: usize,
    platform: Platform,
    vendor: Sink,
    /// Microseconds, a round each.
    responses: Vec<f64>,
    cycles: Vec<f64>,
    all: Vec<f64>,
    /// CPU seconds before the first measured request.
    before: (f64, f64),
    _share: Option<Share>,
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy)]
struct Plan {
    name: &'static str,
    function: Program,
    extension: Extension,
    vendor: Duration,
    lines: &'static str,
    /// Whether spans go anywhere.
    tells: bool,
}

#[derive(Clone, Copy)]
enum Program {
    /// This binary in a role of its own.
    Own(&'static str),
    /// A program of `benches/peers`, measured where those were built.
    Peer(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extension {
    None,
    RegisterOnly,
    Layer,
    /// The function registers one inside of itself.
    Internal,
}

const BARE: Plan = Plan {
    name: "bare lambda_http",
    function: Program::Own("bare-function"),
    extension: Extension::None,
    vendor: Duration::ZERO,
    lines: "INFO",
    tells: true,
};
const OBSERVED: Plan = Plan { function: Program::Own("observed-function"), ..BARE };
pub(crate) const WITH_LAYER: &str = "Crudder, layer";
pub(crate) const WITH_SLOW_VENDORS: &str = "Crudder, layer, vendors 20 ms";
/// What the names of all that is ours begin with.
pub(crate) const OURS: [&str; 3] = ["bare", "Crudder", "one JSON line"];
const LAYER: Plan = Plan { name: WITH_LAYER, extension: Extension::Layer, ..OBSERVED };
const PLANS: [Plan; 15] = [
    BARE,
    Plan { name: "bare, register-only extension", extension: Extension::RegisterOnly, ..BARE },
    // The interface alone: `tracing`, its bridge to OpenTelemetry, the SDK.
    Plan { name: "Crudder, spans told to nobody", lines: "FATAL", tells: false, ..OBSERVED },
    Plan { name: "Crudder, no layer", ..OBSERVED },
    LAYER,
    Plan { name: WITH_SLOW_VENDORS, vendor: SLOW, ..LAYER },
    Plan { name: "Crudder, layer, no access line", lines: "FATAL", ..LAYER },
    Plan { name: "one JSON line, no spans", function: Program::Peer("line"), ..BARE },
    Plan { name: "lambda-otel-lite, sync", function: Program::Peer("otel-lite"), ..BARE },
    Plan { name: "lambda-otel-lite, sync, vendor 20 ms", function: Program::Peer("otel-lite"), vendor: SLOW, ..BARE },
    Plan {
        name: "lambda-otel-lite, async",
        function: Program::Peer("otel-lite"),
        extension: Extension::Internal,
        ..BARE
    },
    Plan { name: "opentelemetry-lambda-tower", function: Program::Peer("lambda-tower"), ..BARE },
    Plan {
        name: "opentelemetry-lambda-tower, vendor 20 ms",
        function: Program::Peer("lambda-tower"),
        vendor: SLOW,
        ..BARE
    },
    Plan { name: "lambda_runtime's layer, OTLP flushed", function: Program::Peer("runtime-otlp"), ..BARE },
    Plan {
        name: "lambda_runtime's layer, vendor 20 ms",
        function: Program::Peer("runtime-otlp"),
        vendor: SLOW,
        ..BARE
    },
];

impl Arrangement {
    /// `None` for a peer where none were built.
    fn new(plan: Plan, daemon: &str, quota: Option<f64>) -> io::Result<Option<Self>> {
        let program = match plan.function {
            Program::Own(role) => Some((std::env::current_exe()?, Some(role))),
            Program::Peer(name) => peers().map(|folder| (folder.join(name), None)),
        };
        let Some((program, role)) = program else { return Ok(None) };
        let (platform, folder, vendor) = (Platform::start()?, tempfile::tempdir()?, Sink::start(plan.vendor)?);
        let mut variables = variables(&platform, folder.path(), Some(&vendor));
        variables.insert("AWS_LAMBDA_LOG_LEVEL", plan.lines.to_owned());
        if plan.tells {
            variables.insert("AWS_XRAY_DAEMON_ADDRESS", daemon.to_owned());
        } else {
            variables.insert("CRUDDER_RECORDER", "/proc/nowhere/ring".to_owned());
        }
        variables.insert("OTEL_EXPORTER_OTLP_ENDPOINT", vendor.url().to_owned());
        let mode = if plan.extension == Extension::Internal { "async" } else { "sync" };
        variables.insert("LAMBDA_EXTENSION_SPAN_PROCESSOR_MODE", mode.to_owned());
        let extension = match plan.extension {
            Extension::Layer => Some(Process::layer(&variables)?),
            Extension::RegisterOnly => Some(Process::own("register-only", &variables)?),
            Extension::None | Extension::Internal => None,
        };
        if extension.is_some() {
            platform.wait([Seen::ExtensionAsked]);
        }
        let function = Process::of(&program, role, &variables)?;
        match plan.extension {
            Extension::Internal => drop(platform.wait([Seen::FunctionAsked, Seen::ExtensionAsked])),
            _ => drop(platform.wait([Seen::FunctionAsked])),
        }
        let share = quota.map(|quota| Share::of(quota, [Some(&function), extension.as_ref()])).transpose()?;
        let (responses, cycles, all) = (Vec::new(), Vec::new(), Vec::new());
        let is_waiting = !plan.vendor.is_zero() && matches!(plan.function, Program::Peer(_));
        let requests = if is_waiting { WAITING } else { REQUESTS };
        let (name, before, has_extension) = (plan.name, (0.0, 0.0), plan.extension != Extension::None);
        Ok(Some(Self {
            name,
            platform,
            function,
            extension,
            has_extension,
            requests,
            vendor,
            responses,
            cycles,
            all,
            before,
            _share: share,
            _folder: folder,
        }))
    }

    fn cpu(&self) -> io::Result<(f64, f64)> {
        let extension = self.extension.as_ref().map_or(Ok(0.0), Process::cpu)?;
        Ok((self.function.cpu()?, extension))
    }

    fn round(&mut self) {
        let took: Vec<_> = (0..self.requests).map(|_| self.platform.invoke(self.has_extension)).collect();
        self.responses.push(median(took.iter().map(|took| took.response.as_secs_f64() * 1e6).collect()));
        self.cycles.push(median(took.iter().map(|took| took.cycle.as_secs_f64() * 1e6).collect()));
        self.all.extend(took.iter().map(|took| took.cycle.as_secs_f64() * 1e6));
    }

    fn forget(&mut self) -> io::Result<()> {
        self.responses.clear();
        self.cycles.clear();
        self.all.clear();
        self.before = self.cpu()?;
        Ok(())
    }

    fn figures(&self) -> io::Result<Figures> {
        let requests = self.all.len() as f64;
        let (function, extension) = self.cpu()?;
        Ok(Figures {
            response: median(self.responses.clone()),
            mean: self.all.iter().sum::<f64>() / requests,
            function: (function - self.before.0) / requests * 1e6,
            extension: (extension - self.before.1) / requests * 1e6,
        })
    }
}

/// Microseconds a request.
struct Figures {
    response: f64,
    mean: f64,
    function: f64,
    extension: f64,
}

/// Microseconds a request over those of bare `lambda_http`.
pub(crate) struct Over {
    pub(crate) name: &'static str,
    pub(crate) response: f64,
    pub(crate) cycle: f64,
    /// Function and extension.
    pub(crate) cpu: f64,
    pub(crate) function: f64,
}

/// Prints what each arrangement took, in rounds that alternate: on full cores, or on `quota` of one core that function and extension
/// share.
pub(crate) fn measure(rounds: usize, quota: Option<f64>) -> io::Result<Vec<Over>> {
    let _awake = Awake::start()?;
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    let address = daemon.local_addr()?.to_string();
    std::thread::spawn(move || while daemon.recv(&mut [0; 1 << 16]).is_ok() {});
    let arrangements =
        PLANS.iter().map(|plan| Arrangement::new(*plan, &address, quota)).collect::<io::Result<Vec<_>>>();
    let mut arrangements: Vec<_> = arrangements?.into_iter().flatten().collect();
    for arrangement in &mut arrangements {
        // Not measured: the first requests of a process pay for what all share.
        arrangement.round();
        arrangement.forget()?;
    }
    for _ in 0..rounds {
        arrangements.iter_mut().for_each(Arrangement::round);
    }
    let core =
        quota.map_or_else(|| "a core of its own".to_owned(), |quota| format!("{:.1} % of a core", quota * 100.0));
    println!(
        "\n| on {core}, us | response p50 | over bare | x | p99 of x | cycle p50 over bare | cycle mean over bare | CPU function over bare | CPU extension | spans at the vendor |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let bare = &arrangements[0];
    arrangements.iter().map(|arrangement| arrangement.print(bare, rounds)).collect()
}

impl Arrangement {
    fn print(&self, bare: &Self, rounds: usize) -> io::Result<Over> {
        let (Figures { response, mean, function, extension }, than) = (self.figures()?, bare.figures()?);
        let over = |of: fn(&Self) -> &[f64], by: fn(f64, f64) -> f64| -> Vec<f64> {
            of(self).iter().zip(of(bare)).map(|(figure, bare)| by(*figure, *bare)).collect()
        };
        let more = |one: f64, other: f64| one - other;
        let times = |one: f64, other: f64| one / other;
        let ratios = over(|of| &of.responses, times);
        println!(
            "| {} | {response:.0} | {:+.0} | x{:.2} | x{:.2} | {:+.0} | {:+.0} | {:+.0} | {extension:.0} | {} of {} |",
            self.name,
            median(over(|of| &of.responses, more)),
            median(ratios.clone()),
            percentile(ratios, 99),
            median(over(|of| &of.cycles, more)),
            mean - than.mean,
            function - than.function,
            self.vendor.spans(),
            ((rounds + 1) * self.requests) as u64 * SPANS,
        );
        let (response, cycle) = (median(over(|of| &of.responses, more)), median(over(|of| &of.cycles, more)));
        Ok(Over {
            name: self.name,
            response,
            cycle,
            cpu: function + extension - than.function,
            function: function - than.function,
        })
    }
}
