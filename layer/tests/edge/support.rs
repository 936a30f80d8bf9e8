//! One function, one layer, all vendors; and patience with an end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crudder_emulator::{
    Emulator, EmulatorConfig, EmulatorEvent, FunctionConfig, Invocation, LogLine, Outcome, Subscription,
};
use crudder_fakes::{
    Fakes, FakesConfig, HoneycombKey, HoneycombStore, Item, RollbarStore, RollbarToken, Span, TraceId, XrayStore,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Far longer than anything here takes; a test that waits as long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const FUNCTION: &str = "fixture";
const ROOT: &str = "6a01b2c3-00112233445566778899aabb";

pub(crate) struct Recipe {
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The example that is the function.
    pub(crate) program: &'static str,
    /// How many invocations an environment serves at once, where it is a Managed Instance.
    pub(crate) managed: Option<usize>,
    pub(crate) without_layer: bool,
    /// Leaves an environment's folder, to look into what it took along.
    pub(crate) keep_folders: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            timeout: PATIENCE,
            memory_mb: 256,
            variables: Vec::new(),
            program: FUNCTION,
            managed: None,
            without_layer: false,
            keep_folders: false,
        }
    }
}

pub(crate) struct Fixture {
    pub(crate) emulator: Emulator,
    pub(crate) vendors: Fakes,
    events: RefCell<Subscription>,
    pub(crate) seen: Vec<EmulatorEvent>,
    _folder: TempDir,
    calls: u32,
}

impl Recipe {
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) async fn open(self) -> Fixture {
        self.open_beside(FakesConfig::default()).await
    }

    pub(crate) async fn open_beside(self, vendors: FakesConfig) -> Fixture {
        let vendors = Fakes::start(vendors).await.expect("the fakes start");
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = EmulatorConfig::new(folder.path());
        config.keep_folders = self.keep_folders;
        config.tmp_files.insert("CRUDDER_RECORDER".to_owned(), "crudder.recorder".to_owned());
        config.managed_concurrency = self.managed;
        if self.managed.is_some() {
            // Whoever comes while an environment has room is served there.
            config.environments_per_function = 1;
        }
        config.xray_daemon = Some(vendors.xray.address());
        let layer = PathBuf::from(env!("CARGO_BIN_EXE_crudder-extension"));
        let fixture = layer.with_file_name("examples").join(self.program);
        assert!(fixture.exists(), "{} is not built: run `cargo build --examples` first", fixture.display());
        if !self.without_layer {
            config.extensions.push(layer);
        }
        let mut environment = BTreeMap::new();
        let mut set = |name: &str, value: String| environment.insert(name.to_owned(), value);
        set("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned());
        set("HONEYCOMB_API_ENDPOINT", vendors.honeycomb.url());
        set("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned());
        set("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", vendors.rollbar.url()));
        set("AWS_ENDPOINT_URL_SECRETS_MANAGER", vendors.secrets.url());
        set("AWS_ENDPOINT_URL_SSM", vendors.secrets.url());
        set("AWS_ENDPOINT_URL_XRAY", vendors.xray_api.url());
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
        Fixture { emulator, vendors, events, seen: Vec::new(), _folder: folder, calls: 0 }
    }
}

pub(crate) async fn plain() -> Fixture {
    Recipe::default().open().await
}

impl Fixture {
    /// Invokes the function in a trace of its own, sampled by X-Ray; answers with the outcome and the trace.
    pub(crate) async fn call(&mut self, kind: &str) -> (Outcome, TraceId) {
        self.call_with(json!({ "kind": kind }), true).await
    }

    /// Invokes the function with all of these at once, each in a trace of its own; answers in their order.
    pub(crate) async fn call_at_once(&mut self, events: Vec<Value>) -> Vec<(Outcome, TraceId)> {
        let mut calls = tokio::task::JoinSet::new();
        let mut outcomes = BTreeMap::new();
        for (index, event) in events.into_iter().enumerate() {
            let (invocation, trace) = self.invocation(&event, true);
            let emulator = self.emulator.clone();
            calls.spawn(async move { (index, emulator.invoke(FUNCTION, invocation).await, trace) });
        }
        while let Some(called) = soon("an outcome", calls.join_next()).await {
            let (index, outcome, trace) = called.expect("a call that came to its end");
            outcomes.insert(index, (outcome.expect("a taken invocation"), trace));
        }
        outcomes.into_values().collect()
    }

    pub(crate) async fn call_with(&mut self, event: Value, is_sampled: bool) -> (Outcome, TraceId) {
        let (invocation, trace) = self.invocation(&event, is_sampled);
        let outcome = soon("an outcome", self.emulator.invoke(FUNCTION, invocation)).await.expect("a taken invocation");
        (outcome, trace)
    }

    fn invocation(&mut self, event: &Value, is_sampled: bool) -> (Invocation, TraceId) {
        self.calls += 1;
        let root = format!("1-{}{:06x}", &ROOT[..ROOT.len() - 6], self.calls);
        let header = format!("Root={root};Parent=aaaabbbbccccdddd;Sampled={}", u8::from(is_sampled));
        (Invocation::new(event.to_string()).with_trace_header(header), root.parse().expect("a trace id"))
    }

    /// Spans of a trace by name, once `enough` of them have come.
    pub(crate) async fn spans(&self, trace: TraceId, enough: usize) -> BTreeMap<String, Span> {
        let found = |store: &HoneycombStore| {
            let spans: BTreeMap<String, Span> = store
                .spans()
                .filter(|span| span.trace_id == trace)
                .map(|span| (span.name.clone(), span.clone()))
                .collect();
            (spans.len() >= enough).then_some(spans)
        };
        match self.vendors.honeycomb.wait_for(PATIENCE, found).await {
            Ok(spans) => spans,
            Err(late) => panic!(
                "{late}: {:?}; log:\n{}",
                self.vendors.honeycomb.with_store(|store| format!("{:?}", store.call_log())),
                self.lines()
            ),
        }
    }

    /// All spans taken so far.
    pub(crate) fn all_spans(&self) -> Vec<Span> {
        self.vendors.honeycomb.with_store(|store| store.spans().cloned().collect())
    }

    /// Spans of this name in whatever trace, once `enough` of them have come.
    pub(crate) async fn spans_named(&self, name: &str, enough: usize) -> Vec<Span> {
        let found = |store: &HoneycombStore| {
            let spans: Vec<Span> = store.spans().filter(|span| span.name == name).cloned().collect();
            (spans.len() >= enough).then_some(spans)
        };
        match self.vendors.honeycomb.wait_for(PATIENCE, found).await {
            Ok(spans) => spans,
            Err(late) => panic!("{late}; log:\n{}", self.lines()),
        }
    }

    /// The items of a trace, once `enough` of them have come.
    pub(crate) async fn items(&self, trace: TraceId, enough: usize) -> Vec<Item> {
        let found = |store: &RollbarStore| {
            let items: Vec<Item> = store.items_of(trace).cloned().collect();
            (items.len() >= enough).then_some(items)
        };
        match self.vendors.rollbar.wait_for(PATIENCE, found).await {
            Ok(items) => items,
            Err(late) => panic!(
                "{late}: {:?}; log:\n{}",
                self.vendors.rollbar.with_store(|store| format!("{:?}", store.call_log())),
                self.lines()
            ),
        }
    }

    /// The segments of a trace by name, once one of that name has come.
    pub(crate) async fn segments(&self, trace: TraceId, name: &str) -> BTreeMap<String, Value> {
        let found = |store: &XrayStore| {
            let mut segments = BTreeMap::new();
            for document in store.documents_of(trace) {
                collect(&document.body, &mut segments);
            }
            segments.contains_key(name).then_some(segments)
        };
        match self.vendors.xray.wait_for(PATIENCE, found).await {
            Ok(segments) => segments,
            Err(late) => panic!("{late}; log:\n{}", self.lines()),
        }
    }

    /// Takes in what has happened on the emulator so far.
    pub(crate) fn catch_up(&mut self) {
        while let Some(event) = self.events.get_mut().try_next() {
            self.seen.push(event);
        }
    }

    /// All that has happened, for a test that fails.
    fn lines(&self) -> String {
        let mut seen = self.seen.clone();
        while let Some(event) = self.events.borrow_mut().try_next() {
            seen.push(event);
        }
        let told = seen.iter().map(|event| match event {
            EmulatorEvent::Line(line) => format!("{:?} {}", line.source, line.line),
            other => format!("{other:?}"),
        });
        told.collect::<Vec<_>>().join("\n")
    }

    /// Waits for the first event, old or new, of which `pick` makes something.
    pub(crate) async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&EmulatorEvent) -> Option<T>) -> T {
        if let Some(found) = self.seen.iter().find_map(&mut pick) {
            return found;
        }
        loop {
            let next = tokio::time::timeout(PATIENCE, self.events.get_mut().next()).await;
            let Ok(Some(event)) = next else { panic!("no {what} came; seen: {:#?}", self.seen) };
            self.seen.push(event.clone());
            if let Some(found) = pick(&event) {
                return found;
            }
        }
    }

    /// Spins the environment down as AWS does, which is when the last of everything is told.
    pub(crate) async fn discard(&self) {
        for environment in self.emulator.environments() {
            self.emulator.spin_down(&environment.id).await;
        }
    }

    /// Waits until an environment has been reset: until then, the emulator would make another.
    pub(crate) async fn reset(&mut self) {
        self.wait_for("reset", |event| {
            matches!(event, EmulatorEvent::EnvironmentEnded { end: crudder_emulator::EnvironmentEnd::Reset, .. })
                .then_some(())
        })
        .await;
    }

    /// The first log line that contains `part`.
    pub(crate) async fn line(&mut self, part: &str) -> LogLine {
        self.wait_for(&format!("line with {part:?}"), |event| match event {
            EmulatorEvent::Line(line) if line.line.contains(part) => Some(line.clone()),
            _ => None,
        })
        .await
    }

    /// What `crudder replay` would be told to deliver dead letters to these vendors.
    pub(crate) fn replaying(&self) -> crudder_extension::Config {
        let settings = [
            ("AWS_LAMBDA_RUNTIME_API", "nowhere".to_owned()),
            ("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal().to_owned()),
            ("HONEYCOMB_API_ENDPOINT", self.vendors.honeycomb.url()),
            ("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal().to_owned()),
            ("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", self.vendors.rollbar.url())),
        ];
        let lookup = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        crudder_extension::Config::read(lookup).expect("a configuration")
    }

    /// Ends the emulator, which is when the last of everything has been told, and checks what holds in every test: nothing came
    /// twice without excuse, and no vendor had anything to complain of.
    pub(crate) async fn close(mut self) -> Vec<EmulatorEvent> {
        self.emulator.clone().shutdown().await;
        self.catch_up();
        self.vendors.honeycomb.with_store(|store| {
            assert_eq!(store.unexpected_duplicates(), 0, "{:?}", store.duplicates().collect::<Vec<_>>());
            let violations: Vec<_> = store.call_log().violations().collect();
            assert!(violations.is_empty(), "{violations:?}");
        });
        self.vendors.rollbar.with_store(|store| {
            assert_eq!(store.unexpected_duplicates(), 0);
            let violations: Vec<_> = store.call_log().violations().collect();
            assert!(violations.is_empty(), "{violations:?}");
        });
        self.vendors.xray.with_store(|store| {
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

/// Bounds a wait.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come in {PATIENCE:?}"),
    }
}
