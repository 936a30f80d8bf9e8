//! The emulator with the fixture and the extension, and destinations that fail at random.

use std::collections::BTreeMap;
use std::time::Duration;

use crudder_emulator::{Emulator, EmulatorConfig, EmulatorEvent, FunctionConfig, Invocation, Outcome, Subscription};
use crudder_fakes::{Fakes, FakesConfig, Fault, HoneycombKey, Plan, RetryAfter, RollbarToken, TraceId};
use crudder_testing::wait::within_timeout;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary;

pub(crate) const FUNCTION: &str = "fixture";
/// How long the extension may hold an environment.
pub(crate) const BUDGET: Duration = Duration::from_millis(100);
/// The timeout of the function: short, so that a timeout costs little; long enough for a request on
/// a busy machine.
const FUNCTION_TIMEOUT: Duration = Duration::from_millis(900);
/// The fakes must keep everything: a forgotten span would look lost.
const KEPT: usize = 512 << 20;

pub(crate) struct System {
    pub(crate) fakes: Fakes,
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
    pub(crate) seen: Vec<EmulatorEvent>,
    events: Subscription,
    settings: BTreeMap<String, String>,
}

impl System {
    pub(crate) async fn start(seed: u64) -> Self {
        let mut config = FakesConfig::default();
        (config.honeycomb.bytes_kept, config.rollbar.bytes_kept) = (KEPT, KEPT);
        let fakes = Fakes::start(config).await.expect("the fakes start");
        fail_at_random(&fakes, seed);
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(&fakes);
        let mut config = EmulatorConfig::new(folder.path());
        config.xray_daemon = Some(fakes.xray.address());
        config.environments_per_function = 1;
        config.keep_folders = true;
        config.tmp_files.insert("CRUDDER_RECORDER".to_owned(), "crudder.recorder".to_owned());
        let bootstrap = binary::built(&format!("examples/{FUNCTION}"), "cargo build --examples");
        config.extensions.push(binary::extension());
        let function = FunctionConfig {
            name: FUNCTION.to_owned(),
            bootstrap,
            timeout: FUNCTION_TIMEOUT,
            memory_mb: 512,
            environment: settings.clone(),
        };
        let emulator = Emulator::new(config, vec![function]).expect("an emulator");
        let events = emulator.subscribe();
        Self { fakes, emulator, folder, seen: Vec::new(), events, settings }
    }

    pub(crate) fn catch_up(&mut self) {
        while let Some(event) = self.events.try_next() {
            self.seen.push(event);
        }
        assert_eq!(self.events.lost(), 0, "dead letters are found in the emulator's lines");
    }

    pub(crate) fn end_faults(&self) {
        self.fakes.honeycomb.faults().clear();
        self.fakes.rollbar.faults().clear();
    }

    pub(crate) async fn call(&self, kind: &str, number: u64) -> (Outcome, TraceId) {
        let root = format!("1-6a01b2c3-001122334455667788{number:06x}");
        let event = json!({ "kind": kind, "ms": 1 + number % 20 }).to_string();
        let header = format!("Root={root};Parent=aaaabbbbccccdddd;Sampled=1");
        let invocation = Invocation::new(event).with_trace_header(header);
        let outcome = within_timeout("an outcome", self.emulator.invoke(FUNCTION, invocation)).await;
        let outcome = outcome.expect("an accepted invocation");
        (outcome, root.parse().expect("a trace id"))
    }

    /// Returns the log lines that are JSON objects.
    pub(crate) fn objects(&self) -> impl Iterator<Item = Value> {
        let object = |event: &EmulatorEvent| match event {
            EmulatorEvent::Line(line) => serde_json::from_str(&line.line).ok(),
            _ => None,
        };
        self.seen.iter().filter_map(object)
    }

    /// Delivers the dead letters, as `crudder replay` does; returns how many there were. X-Ray's
    /// are left out: `replay` does not know the function's daemon.
    pub(crate) async fn replay(&self) -> usize {
        let letters: Vec<String> = self
            .objects()
            .filter(|letter| letter["message"] == "dead letter" && letter["vendor"] != "xray")
            .map(|letter| letter.to_string())
            .collect();
        let lookup = |name: &str| match name {
            "AWS_LAMBDA_RUNTIME_API" => Some("nowhere".to_owned()),
            name => self.settings.get(name).cloned(),
        };
        let config = crudder_extension::Config::read(lookup).expect("a configuration");
        let count = letters.len();
        let replayed = crudder_extension::replay(letters, &config).await;
        assert_eq!(replayed.failed, Vec::<String>::new());
        count
    }
}

fn settings(fakes: &Fakes) -> BTreeMap<String, String> {
    let settings = [
        ("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned()),
        ("HONEYCOMB_API_ENDPOINT", fakes.honeycomb.url()),
        ("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned()),
        ("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", fakes.rollbar.url())),
        ("AWS_ENDPOINT_URL_XRAY", fakes.xray_api.url()),
        ("CRUDDER_FLUSH_BUDGET_MS", BUDGET.as_millis().to_string()),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn fail_at_random(fakes: &Fakes, seed: u64) {
    let faults = [
        Fault::Unavailable(RetryAfter::Absent),
        Fault::Throttled(RetryAfter::Seconds(1)),
        Fault::ServerError,
        Fault::BadGateway,
        Fault::TruncatedResponse,
        Fault::Reset { accept: true },
        Fault::Reset { accept: false },
        Fault::Closed { accept: true },
        Fault::Delayed { by: Duration::from_millis(30) },
    ];
    for (index, fault) in faults.into_iter().enumerate() {
        let seed = seed.wrapping_add(index as u64);
        fakes.honeycomb.faults().add(Plan::with_probability(0.03, seed, fault.clone())).expect("a fault it knows");
        fakes.rollbar.faults().add(Plan::with_probability(0.03, seed ^ 7, fault)).expect("a fault it knows");
    }
}
