//! A function, what stands beside it, and what an invocation of it took.

use std::io;
use std::time::Duration;

use crate::platform::{Platform, Seen};
use crate::process::{Process, variables};
use crate::share::Share;
use crate::sink::Sink;
use crate::{median, peers};

/// Requests of one arrangement before the next has its turn.
const REQUESTS: usize = 50;
/// The same of those that wait for a slow vendor at each.
const WAITING: usize = 5;
/// As real vendors answer.
const SLOW: Duration = Duration::from_millis(20);

/// A function and, maybe, its extension.
pub(crate) struct Arrangement {
    pub(crate) name: &'static str,
    function: Process,
    extension: Option<Process>,
    has_extension: bool,
    /// In a round.
    pub(crate) requests: usize,
    platform: Platform,
    pub(crate) vendor: Sink,
    /// Microseconds, a round each.
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
pub(crate) const WITHOUT_LINE: &str = "Crudder, layer, no access line";
/// What the names of all that is ours begin with.
pub(crate) const OURS: [&str; 3] = ["bare", "Crudder", "one JSON line"];
const LAYER: Plan = Plan { name: WITH_LAYER, extension: Extension::Layer, ..OBSERVED };
pub(crate) const PLANS: [Plan; 16] = [
    BARE,
    Plan { name: "bare, register-only extension", extension: Extension::RegisterOnly, ..BARE },
    Plan {
        name: "bare, a line, a datagram and a bell by hand",
        function: Program::Own("writing-function"),
        extension: Extension::RegisterOnly,
        ..BARE
    },
    // The interface alone: `tracing`, its bridge to OpenTelemetry, the SDK.
    Plan { name: "Crudder, spans told to nobody", lines: "FATAL", tells: false, ..OBSERVED },
    Plan { name: "Crudder, no layer", ..OBSERVED },
    LAYER,
    Plan { name: WITH_SLOW_VENDORS, vendor: SLOW, ..LAYER },
    Plan { name: WITHOUT_LINE, lines: "FATAL", ..LAYER },
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

/// The plan of this name.
pub(crate) fn plan(name: &str) -> Plan {
    *PLANS.iter().find(|plan| plan.name == name).expect("a name of this file")
}

impl Arrangement {
    /// `None` for a peer where none were built.
    pub(crate) fn new(plan: Plan, daemon: &str, quota: Option<f64>) -> io::Result<Option<Self>> {
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

    /// Megabytes of the function and of the extension.
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

/// Microseconds a request.
pub(crate) struct Figures {
    pub(crate) response: f64,
    pub(crate) mean: f64,
    pub(crate) function: f64,
    pub(crate) extension: f64,
}
