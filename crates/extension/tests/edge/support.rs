//! A function with the extension and the fakes of all destinations, and bounded waits.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crudder_emulator::{
    Emulator, EmulatorConfig, EmulatorEvent, FunctionConfig, Invocation, LogLine, Outcome, Subscription,
};
use crudder_fakes::{
    Fakes, FakesConfig, HoneycombKey, HoneycombStore, Item, RollbarStore, RollbarToken, Span, TraceId, XrayStore,
};
pub(crate) use crudder_testing::TIMEOUT;
use crudder_testing::wait::within_timeout;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary;

/// The timeout of the function, unless a test sets another: longer than any request takes.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const FUNCTION: &str = "fixture";
const ROOT: &str = "6a01b2c3-00112233445566778899aabb";

/// How to set up a [`Fixture`].
pub(crate) struct Setup {
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The example that is the function.
    pub(crate) program: &'static str,
    /// How many invocations an environment serves at once, where it is a Managed Instance.
    pub(crate) managed: Option<usize>,
    pub(crate) without_extension: bool,
    /// Keeps the folder of an environment after its end, so that a test can inspect it.
    pub(crate) keep_folders: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            timeout: FUNCTION_TIMEOUT,
            memory_mb: 256,
            variables: Vec::new(),
            program: FUNCTION,
            managed: None,
            without_extension: false,
            keep_folders: false,
        }
    }
}

pub(crate) struct Fixture {
    pub(crate) emulator: Emulator,
    pub(crate) fakes: Fakes,
    events: RefCell<Subscription>,
    pub(crate) seen: Vec<EmulatorEvent>,
    _folder: TempDir,
    calls: u32,
}

impl Setup {
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) async fn start(self) -> Fixture {
        self.start_with(FakesConfig::default()).await
    }

    pub(crate) async fn start_with(self, config: FakesConfig) -> Fixture {
        let fakes = Fakes::start(config).await.expect("the fakes start");
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = EmulatorConfig::new(folder.path());
        config.keep_folders = self.keep_folders;
        config.tmp_files.insert("CRUDDER_RECORDER".to_owned(), "crudder.recorder".to_owned());
        config.managed_concurrency = self.managed;
        if self.managed.is_some() {
            // A request that comes while the environment has a free slot is served there.
            config.environments_per_function = 1;
        }
        config.xray_daemon = Some(fakes.xray.address());
        let program = format!("examples/{}", self.program);
        let fixture = binary::built(&program, "cargo build --examples");
        if !self.without_extension {
            config.extensions.push(binary::extension());
        }
        let mut environment = BTreeMap::new();
        let mut set = |name: &str, value: String| environment.insert(name.to_owned(), value);
        set("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned());
        set("HONEYCOMB_API_ENDPOINT", fakes.honeycomb.url());
        set("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned());
        set("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", fakes.rollbar.url()));
        set("AWS_ENDPOINT_URL_SECRETS_MANAGER", fakes.secrets.url());
        set("AWS_ENDPOINT_URL_SSM", fakes.secrets.url());
        set("AWS_ENDPOINT_URL_XRAY", fakes.xray_api.url());
        for (name, value) in self.variables {
            set(name, value);
        }
        let function = FunctionConfig {
            name: FUNCTION.to_owned(),
            bootstrap: fixture,
            timeout: self.timeout,
            memory_mb: self.memory_mb,
            environment,
        };
        let emulator = Emulator::new(config, vec![function]).expect("an emulator");
        let events = RefCell::new(emulator.subscribe());
        Fixture { emulator, fakes, events, seen: Vec::new(), _folder: folder, calls: 0 }
    }
}

/// Starts a fixture with the default setup.
pub(crate) async fn start() -> Fixture {
    Setup::default().start().await
}

impl Fixture {
    /// Invokes the function in a trace of its own, sampled by X-Ray; returns the outcome and the
    /// trace.
    pub(crate) async fn call(&mut self, kind: &str) -> (Outcome, TraceId) {
        self.call_with(json!({ "kind": kind }), true).await
    }

    /// Invokes the function with all events at once, each in a trace of its own; returns the
    /// outcomes in their order.
    pub(crate) async fn call_at_once(&mut self, events: Vec<Value>) -> Vec<(Outcome, TraceId)> {
        let mut calls = tokio::task::JoinSet::new();
        let mut outcomes = BTreeMap::new();
        for (index, event) in events.into_iter().enumerate() {
            let (invocation, trace) = self.invocation(&event, true);
            let emulator = self.emulator.clone();
            calls.spawn(async move { (index, emulator.invoke(FUNCTION, invocation).await, trace) });
        }
        while let Some(called) = within_timeout("an outcome", calls.join_next()).await {
            let (index, outcome, trace) = called.expect("a call that came to its end");
            outcomes.insert(index, (outcome.expect("a taken invocation"), trace));
        }
        outcomes.into_values().collect()
    }

    pub(crate) async fn call_with(&mut self, event: Value, is_sampled: bool) -> (Outcome, TraceId) {
        let (invocation, trace) = self.invocation(&event, is_sampled);
        let outcome =
            within_timeout("an outcome", self.emulator.invoke(FUNCTION, invocation)).await.expect("a taken invocation");
        (outcome, trace)
    }

    fn invocation(&mut self, event: &Value, is_sampled: bool) -> (Invocation, TraceId) {
        self.calls += 1;
        let root = format!("1-{}{:06x}", &ROOT[..ROOT.len() - 6], self.calls);
        let header = format!("Root={root};Parent=aaaabbbbccccdddd;Sampled={}", u8::from(is_sampled));
        (Invocation::new(event.to_string()).with_trace_header(header), root.parse().expect("a trace id"))
    }

    /// Waits for at least `enough` spans of a trace; returns them by name.
    pub(crate) async fn spans(&self, trace: TraceId, enough: usize) -> BTreeMap<String, Span> {
        let found = |store: &HoneycombStore| {
            let spans: BTreeMap<String, Span> = store
                .spans()
                .filter(|span| span.trace_id == trace)
                .map(|span| (span.name.clone(), span.clone()))
                .collect();
            (spans.len() >= enough).then_some(spans)
        };
        match self.fakes.honeycomb.wait_for(TIMEOUT, found).await {
            Ok(spans) => spans,
            Err(late) => panic!(
                "{late}: {:?}; log:\n{}",
                self.fakes.honeycomb.with_store(|store| format!("{:?}", store.call_log())),
                self.lines()
            ),
        }
    }

    /// Returns all spans that Honeycomb has accepted so far.
    pub(crate) fn all_spans(&self) -> Vec<Span> {
        self.fakes.honeycomb.with_store(|store| store.spans().cloned().collect())
    }

    /// Waits for at least `enough` spans of this name in any trace.
    pub(crate) async fn spans_named(&self, name: &str, enough: usize) -> Vec<Span> {
        let found = |store: &HoneycombStore| {
            let spans: Vec<Span> = store.spans().filter(|span| span.name == name).cloned().collect();
            (spans.len() >= enough).then_some(spans)
        };
        match self.fakes.honeycomb.wait_for(TIMEOUT, found).await {
            Ok(spans) => spans,
            Err(late) => panic!("{late}; log:\n{}", self.lines()),
        }
    }

    /// Waits for at least `enough` Rollbar items of a trace.
    pub(crate) async fn items(&self, trace: TraceId, enough: usize) -> Vec<Item> {
        let found = |store: &RollbarStore| {
            let items: Vec<Item> = store.items_of(trace).cloned().collect();
            (items.len() >= enough).then_some(items)
        };
        match self.fakes.rollbar.wait_for(TIMEOUT, found).await {
            Ok(items) => items,
            Err(late) => panic!(
                "{late}: {:?}; log:\n{}",
                self.fakes.rollbar.with_store(|store| format!("{:?}", store.call_log())),
                self.lines()
            ),
        }
    }

    /// Waits for a segment of this name; returns all segments of the trace by name.
    pub(crate) async fn segments(&self, trace: TraceId, name: &str) -> BTreeMap<String, Value> {
        let found = |store: &XrayStore| {
            let mut segments = BTreeMap::new();
            for document in store.documents_of(trace) {
                collect(&document.body, &mut segments);
            }
            segments.contains_key(name).then_some(segments)
        };
        match self.fakes.xray.wait_for(TIMEOUT, found).await {
            Ok(segments) => segments,
            Err(late) => panic!("{late}; log:\n{}", self.lines()),
        }
    }

    /// Collects the emulator's events so far.
    pub(crate) fn catch_up(&mut self) {
        while let Some(event) = self.events.get_mut().try_next() {
            self.seen.push(event);
        }
    }

    /// Returns all events so far as text, for a failed test.
    fn lines(&self) -> String {
        let mut seen = self.seen.clone();
        while let Some(event) = self.events.borrow_mut().try_next() {
            seen.push(event);
        }
        let lines = seen.iter().map(|event| match event {
            EmulatorEvent::Line(line) => format!("{:?} {}", line.source, line.line),
            other => format!("{other:?}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits for the first event, old or new, for which `pick` returns a value.
    pub(crate) async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&EmulatorEvent) -> Option<T>) -> T {
        if let Some(found) = self.seen.iter().find_map(&mut pick) {
            return found;
        }
        loop {
            let next = tokio::time::timeout(TIMEOUT, self.events.get_mut().next()).await;
            let Ok(Some(event)) = next else { panic!("no {what} came; seen: {:#?}", self.seen) };
            self.seen.push(event.clone());
            if let Some(found) = pick(&event) {
                return found;
            }
        }
    }

    /// Ends the environment with SHUTDOWN, as AWS does. The extension then sends everything that is
    /// left.
    pub(crate) async fn discard(&self) {
        for environment in self.emulator.environments() {
            self.emulator.spin_down(&environment.id).await;
        }
    }

    /// Waits until an environment was reset. Before that, the emulator would start another one.
    pub(crate) async fn reset(&mut self) {
        self.wait_for("reset", |event| {
            matches!(event, EmulatorEvent::EnvironmentEnded { end: crudder_emulator::EnvironmentEnd::Reset, .. })
                .then_some(())
        })
        .await;
    }

    /// Waits for a log line that contains `part`.
    pub(crate) async fn line(&mut self, part: &str) -> LogLine {
        self.wait_for(&format!("line with {part:?}"), |event| match event {
            EmulatorEvent::Line(line) if line.line.contains(part) => Some(line.clone()),
            _ => None,
        })
        .await
    }

    /// Returns the configuration with which `crudder replay` would deliver dead letters to the
    /// fakes.
    pub(crate) fn replay_config(&self) -> crudder_extension::Config {
        let settings = [
            ("AWS_LAMBDA_RUNTIME_API", "nowhere".to_owned()),
            ("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned()),
            ("HONEYCOMB_API_ENDPOINT", self.fakes.honeycomb.url()),
            ("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned()),
            ("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", self.fakes.rollbar.url())),
        ];
        let lookup = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        crudder_extension::Config::read(lookup).expect("a configuration")
    }

    /// Ends the emulator and checks what holds in every test: nothing was exported twice without a
    /// reason, and no fake noted a violation. Returns all events.
    pub(crate) async fn close(mut self) -> Vec<EmulatorEvent> {
        // A function that ends between its X-Ray document and its end record is exported twice.
        self.discard().await;
        self.emulator.clone().shutdown().await;
        self.catch_up();
        self.fakes.honeycomb.with_store(|store| {
            assert_eq!(store.unexpected_duplicates(), 0, "{:?}", store.duplicates().collect::<Vec<_>>());
            let violations: Vec<_> = store.call_log().violations().collect();
            assert!(violations.is_empty(), "{violations:?}");
        });
        self.fakes.rollbar.with_store(|store| {
            assert_eq!(store.unexpected_duplicates(), 0);
            let violations: Vec<_> = store.call_log().violations().collect();
            assert!(violations.is_empty(), "{violations:?}");
        });
        self.fakes.xray.with_store(|store| {
            let violations: Vec<_> = store.call_log().violations().collect();
            assert!(violations.is_empty(), "{violations:?}");
        });
        self.seen
    }
}

fn collect(segment: &Value, into: &mut BTreeMap<String, Value>) {
    into.insert(segment["name"].as_str().unwrap_or_default().to_owned(), segment.clone());
    for child in segment["subsegments"].as_array().into_iter().flatten() {
        collect(child, into);
    }
}
