//! What an invocation costs under each of several arrangements of function and extension.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use crate::median;
use crate::platform::{Platform, Seen};
use crate::process::{Process, variables};
use crate::sink::Sink;
use crate::work::SPANS;

/// Requests of one arrangement before the next has its turn.
const REQUESTS: usize = 50;
/// As real vendors answer.
const SLOW: Duration = Duration::from_millis(20);

/// A function and, maybe, its extension.
struct Arrangement {
    name: &'static str,
    function: Process,
    extension: Option<Process>,
    platform: Platform,
    vendor: Sink,
    /// Microseconds, a round each.
    responses: Vec<f64>,
    cycles: Vec<f64>,
    all: Vec<f64>,
    /// CPU seconds before the first measured request.
    before: (f64, f64),
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy)]
struct Plan {
    name: &'static str,
    function: &'static str,
    extension: Option<&'static str>,
    vendor: Duration,
    lines: &'static str,
}

const BARE: Plan =
    Plan { name: "bare", function: "bare-function", extension: None, vendor: Duration::ZERO, lines: "INFO" };
const OBSERVED: Plan = Plan { name: "telemetry, no layer", function: "observed-function", ..BARE };
const PLANS: [Plan; 6] = [
    BARE,
    Plan { name: "bare, register-only extension", extension: Some("register-only"), ..BARE },
    OBSERVED,
    Plan { name: "layer, vendors at once", extension: Some("layer"), ..OBSERVED },
    Plan { name: "layer, vendors 20 ms", extension: Some("layer"), vendor: SLOW, ..OBSERVED },
    Plan { name: "layer, vendors at once, no access line", extension: Some("layer"), lines: "FATAL", ..OBSERVED },
];

impl Arrangement {
    fn new(plan: Plan, daemon: &str) -> io::Result<Self> {
        let (platform, folder, vendor) = (Platform::start()?, tempfile::tempdir()?, Sink::start(plan.vendor)?);
        let mut variables = variables(&platform, folder.path(), Some(&vendor));
        variables.insert("AWS_LAMBDA_LOG_LEVEL", plan.lines.to_owned());
        variables.insert("AWS_XRAY_DAEMON_ADDRESS", daemon.to_owned());
        let extension = match plan.extension {
            Some("layer") => Some(Process::layer(&variables)?),
            Some(role) => Some(Process::own(role, &variables)?),
            None => None,
        };
        if extension.is_some() {
            platform.wait([Seen::ExtensionAsked]);
        }
        let function = Process::own(plan.function, &variables)?;
        platform.wait([Seen::FunctionAsked]);
        let (responses, cycles, all) = (Vec::new(), Vec::new(), Vec::new());
        let (name, before) = (plan.name, (0.0, 0.0));
        Ok(Self { name, platform, function, extension, vendor, responses, cycles, all, before, _folder: folder })
    }

    fn cpu(&self) -> io::Result<(f64, f64)> {
        let extension = self.extension.as_ref().map_or(Ok(0.0), Process::cpu)?;
        Ok((self.function.cpu()?, extension))
    }

    fn round(&mut self) {
        let has_extension = self.extension.is_some();
        let took: Vec<_> = (0..REQUESTS).map(|_| self.platform.invoke(has_extension)).collect();
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
            cycle: median(self.cycles.clone()),
            mean: self.all.iter().sum::<f64>() / requests,
            function: (function - self.before.0) / requests * 1e6,
            extension: (extension - self.before.1) / requests * 1e6,
        })
    }
}

/// Microseconds a request.
struct Figures {
    response: f64,
    cycle: f64,
    mean: f64,
    function: f64,
    extension: f64,
}

/// Prints what each arrangement took, in rounds that alternate.
pub(crate) fn measure(rounds: usize) -> io::Result<()> {
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    let address = daemon.local_addr()?.to_string();
    std::thread::spawn(move || while daemon.recv(&mut [0; 1 << 16]).is_ok() {});
    let mut arrangements =
        PLANS.iter().map(|plan| Arrangement::new(*plan, &address)).collect::<io::Result<Vec<_>>>()?;
    for arrangement in &mut arrangements {
        // Not measured: the first requests of a process pay for what all share.
        arrangement.round();
        arrangement.forget()?;
    }
    for _ in 0..rounds {
        arrangements.iter_mut().for_each(Arrangement::round);
    }
    let (bare, bare_figures) = (&arrangements[0], arrangements[0].figures()?);
    for arrangement in &arrangements {
        let Figures { response, cycle, mean, function, extension } = arrangement.figures()?;
        let over = |of: fn(&Arrangement) -> &[f64], by: fn(f64, f64) -> f64| {
            median(of(arrangement).iter().zip(of(bare)).map(|(figure, bare)| by(*figure, *bare)).collect())
        };
        println!(
            "{}: response p50 {response:.0} us ({:+.0}, x{:.2}); cycle p50 {cycle:.0} ({:+.0}), mean {mean:.0} ({:+.0}); CPU function {function:.0} ({:+.0}), extension {extension:.0} us",
            arrangement.name,
            over(|of| &of.responses, |figure, bare| figure - bare),
            over(|of| &of.responses, |figure, bare| figure / bare),
            over(|of| &of.cycles, |figure, bare| figure - bare),
            mean - bare_figures.mean,
            function - bare_figures.function,
        );
        let (spans, batches) = (arrangement.vendor.spans(), arrangement.vendor.requests());
        if batches > 0 {
            let served = (rounds + 1) * REQUESTS;
            println!("  of {} spans {spans} were at the vendor by now, in {batches} batches", served as u64 * SPANS);
        }
    }
    Ok(())
}
