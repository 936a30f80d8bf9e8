//! Arrangements of function and extension, and the duration of their invocations.

use std::io;
use std::time::Duration;

use crate::platform::{Milestone, Platform};
use crate::process::{Process, variables};
use crate::share::Share;
use crate::sink::Sink;
use crate::{median, peers};

/// Requests of one arrangement before the next one is measured.
const REQUESTS: usize = 50;
/// The same for arrangements that wait for a slow destination at each request.
const REQUESTS_WITH_WAITING: usize = 5;
/// As real destinations respond.
const SLOW: Duration = Duration::from_millis(20);

/// A function and, maybe, its extension.
pub(crate) struct Arrangement {
    pub(crate) name: &'static str,
    function: Process,
    extension: Option<Process>,
    has_extension: bool,
    /// Requests per round.
    pub(crate) requests: usize,
    platform: Platform,
    pub(crate) destination: Sink,
    /// Microseconds, one value per round.
    pub(crate) responses: Vec<f64>,
    pub(crate) cycles: Vec<f64>,
    all: Vec<f64>,
    /// CPU seconds before the first measured request.
    before: (f64, f64),
    _share: Option<Share>,
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy)]
pub(crate) struct Plan {
    name: &'static str,
    function: Program,
    extension: Extension,
    destination: Duration,
    lines: &'static str,
    /// Whether spans are exported.
    exports: bool,
}

#[derive(Clone, Copy)]
enum Program {
    /// This binary in one of its roles.
    Own(&'static str),
    /// A program of `benches/peers`, measured if those were built.
    Peer(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extension {
    None,
    RegisterOnly,
    Layer,
    /// The function registers an extension inside its own process.
    Internal,
}

const BARE: Plan = Plan {
    name: "bare lambda_http",
    function: Program::Own("bare-function"),
    extension: Extension::None,
    destination: Duration::ZERO,
    lines: "INFO",
    exports: true,
};
const OBSERVED: Plan = Plan { function: Program::Own("observed-function"), ..BARE };
pub(crate) const WITH_LAYER: &str = "Crudder, layer";
pub(crate) const WITH_SLOW_DESTINATIONS: &str = "Crudder, layer, destinations 20 ms";
pub(crate) const WITHOUT_LINE: &str = "Crudder, layer, no access line";
/// How the names of our own arrangements begin.
pub(crate) const OURS: [&str; 3] = ["bare", "Crudder", "one JSON line"];
const LAYER: Plan = Plan { name: WITH_LAYER, extension: Extension::Layer, ..OBSERVED };
pub(crate) const PLANS: [Plan; 16] = [
    BARE,
    Plan { name: "bare, register-only extension", extension: Extension::RegisterOnly, ..BARE },
    Plan {
        name: "bare, a line, a datagram and a wake-up by hand",
        function: Program::Own("writing-function"),
        extension: Extension::RegisterOnly,
        ..BARE
    },
    // Only the interface: `tracing`, its bridge to OpenTelemetry, the SDK.
    Plan { name: "Crudder, spans not exported", lines: "FATAL", exports: false, ..OBSERVED },
    Plan { name: "Crudder, no layer", ..OBSERVED },
    LAYER,
    Plan { name: WITH_SLOW_DESTINATIONS, destination: SLOW, ..LAYER },
    Plan { name: WITHOUT_LINE, lines: "FATAL", ..LAYER },
    Plan { name: "one JSON line, no spans", function: Program::Peer("line"), ..BARE },
    Plan { name: "lambda-otel-lite, sync", function: Program::Peer("otel-lite"), ..BARE },
    Plan {
        name: "lambda-otel-lite, sync, destination 20 ms",
        function: Program::Peer("otel-lite"),
        destination: SLOW,
        ..BARE
    },
    Plan {
        name: "lambda-otel-lite, async",
        function: Program::Peer("otel-lite"),
        extension: Extension::Internal,
        ..BARE
    },
    Plan { name: "opentelemetry-lambda-tower", function: Program::Peer("lambda-tower"), ..BARE },
    Plan {
        name: "opentelemetry-lambda-tower, destination 20 ms",
        function: Program::Peer("lambda-tower"),
        destination: SLOW,
        ..BARE
    },
    Plan { name: "lambda_runtime's layer, OTLP flushed", function: Program::Peer("runtime-otlp"), ..BARE },
    Plan {
        name: "lambda_runtime's layer, destination 20 ms",
        function: Program::Peer("runtime-otlp"),
        destination: SLOW,
        ..BARE
    },
];

/// Returns the plan of this name.
pub(crate) fn plan(name: &str) -> Plan {
    *PLANS.iter().find(|plan| plan.name == name).expect("one of the names above")
}

impl Arrangement {
    /// Starts an arrangement; `None` for a peer that was not built.
    pub(crate) fn new(plan: Plan, daemon: &str, quota: Option<f64>) -> io::Result<Option<Self>> {
        let program = match plan.function {
            Program::Own(role) => Some((std::env::current_exe()?, Some(role))),
            Program::Peer(name) => peers().map(|folder| (folder.join(name), None)),
        };
        let Some((program, role)) = program else { return Ok(None) };
        let (platform, folder, destination) =
            (Platform::start()?, tempfile::tempdir()?, Sink::start(plan.destination)?);
        let mut variables = variables(&platform, folder.path(), Some(&destination));
        variables.insert("AWS_LAMBDA_LOG_LEVEL", plan.lines.to_owned());
        if plan.exports {
            variables.insert("AWS_XRAY_DAEMON_ADDRESS", daemon.to_owned());
        } else {
            variables.insert("CRUDDER_RECORDER", "/proc/nowhere/ring".to_owned());
        }
        variables.insert("OTEL_EXPORTER_OTLP_ENDPOINT", destination.url().to_owned());
        let mode = if plan.extension == Extension::Internal { "async" } else { "sync" };
        variables.insert("LAMBDA_EXTENSION_SPAN_PROCESSOR_MODE", mode.to_owned());
        let extension = match plan.extension {
            Extension::Layer => Some(Process::layer(&variables)?),
            Extension::RegisterOnly => Some(Process::own("register-only", &variables)?),
            Extension::None | Extension::Internal => None,
        };
        if extension.is_some() {
            platform.wait([Milestone::ExtensionReady]);
        }
        let function = Process::of(&program, role, &variables)?;
        match plan.extension {
            Extension::Internal => drop(platform.wait([Milestone::FunctionReady, Milestone::ExtensionReady])),
            _ => drop(platform.wait([Milestone::FunctionReady])),
        }
        let share = quota.map(|quota| Share::of(quota, [Some(&function), extension.as_ref()])).transpose()?;
        let (responses, cycles, all) = (Vec::new(), Vec::new(), Vec::new());
        let is_waiting = !plan.destination.is_zero() && matches!(plan.function, Program::Peer(_));
        let requests = if is_waiting { REQUESTS_WITH_WAITING } else { REQUESTS };
        let (name, before, has_extension) = (plan.name, (0.0, 0.0), plan.extension != Extension::None);
        Ok(Some(Self {
            name,
            platform,
            function,
            extension,
            has_extension,
            requests,
            destination,
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

    /// Returns the memory of the function and of the extension in megabytes.
    pub(crate) fn resident(&self) -> io::Result<(f64, f64)> {
        Ok((self.function.resident()?, self.extension.as_ref().map_or(Ok(0.0), Process::resident)?))
    }

    pub(crate) fn round(&mut self) {
        let took: Vec<_> = (0..self.requests).map(|_| self.platform.invoke(self.has_extension)).collect();
        self.responses.push(median(took.iter().map(|took| took.response.as_secs_f64() * 1e6).collect()));
        self.cycles.push(median(took.iter().map(|took| took.cycle.as_secs_f64() * 1e6).collect()));
        self.all.extend(took.iter().map(|took| took.cycle.as_secs_f64() * 1e6));
    }

    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.responses.clear();
        self.cycles.clear();
        self.all.clear();
        self.before = self.cpu()?;
        Ok(())
    }

    pub(crate) fn figures(&self) -> io::Result<Figures> {
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

/// Microseconds per request.
pub(crate) struct Figures {
    pub(crate) response: f64,
    pub(crate) mean: f64,
    pub(crate) function: f64,
    pub(crate) extension: f64,
}
