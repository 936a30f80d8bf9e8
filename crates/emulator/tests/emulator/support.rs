//! A fixture: an emulator with one function, and waits for its events.

use std::collections::BTreeMap;
use std::time::Duration;

use crudder_emulator::{
    Emulator, EmulatorConfig, EmulatorEvent, EnvironmentSnapshot, FunctionConfig, Invocation, LogLine, Outcome,
    Subscription,
};
use crudder_testing::TIMEOUT;
use crudder_testing::wait::within_timeout;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub(crate) const FUNCTION: &str = "test-function";

/// The timeout of the function, unless a test sets another one. No invocation comes near it.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The settings of a fixture.
pub(crate) struct FixtureConfig {
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Whether the function has the test extension.
    pub(crate) extension: bool,
    pub(crate) bootstrap: &'static str,
    /// Changes the emulator's settings.
    pub(crate) configure: fn(&mut EmulatorConfig),
}

impl Default for FixtureConfig {
    fn default() -> Self {
        Self {
            timeout: FUNCTION_TIMEOUT,
            memory_mb: 128,
            variables: Vec::new(),
            extension: false,
            bootstrap: env!("CARGO_BIN_EXE_emulator-function"),
            configure: |_| (),
        }
    }
}

pub(crate) struct Fixture {
    pub(crate) emulator: Emulator,
    _folder: TempDir,
    events: Subscription,
    seen: Vec<EmulatorEvent>,
}

impl FixtureConfig {
    /// With the test extension and this behavior of it; see `programs/extension.rs`.
    pub(crate) fn with_extension(behavior: &str) -> Self {
        let variables = vec![("EXTENSION_BEHAVIOR", behavior.to_owned())];
        Self { extension: true, variables, ..Self::default() }
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn start(self) -> Fixture {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = EmulatorConfig::new(folder.path());
        if self.extension {
            config.extensions.push(env!("CARGO_BIN_EXE_emulator-extension").into());
        }
        (self.configure)(&mut config);
        let variables: BTreeMap<String, String> =
            self.variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let function = FunctionConfig {
            name: FUNCTION.to_owned(),
            bootstrap: self.bootstrap.into(),
            timeout: self.timeout,
            memory_mb: self.memory_mb,
            environment: variables,
        };
        let emulator = Emulator::new(config, vec![function]).expect("an emulator");
        let events = emulator.subscribe();
        Fixture { emulator, _folder: folder, events, seen: Vec::new() }
    }
}

/// Starts a fixture with the default settings.
pub(crate) fn start_fixture() -> Fixture {
    FixtureConfig::default().start()
}

impl Fixture {
    /// Invokes the function with this event.
    pub(crate) async fn invoke(&self, event: &str) -> Outcome {
        let invocation = Invocation::new(event.to_owned());
        let outcome = within_timeout("the outcome", self.emulator.invoke(FUNCTION, invocation)).await;
        outcome.expect("an accepted invocation")
    }

    /// Invokes the function with this event. Returns its response, and panics if it fails.
    pub(crate) async fn response(&self, event: &str) -> Value {
        match self.invoke(event).await {
            Outcome::Succeeded { payload, .. } => serde_json::from_slice(&payload).expect("JSON"),
            failed @ Outcome::Failed { .. } => panic!("the function must respond: {failed:?}"),
        }
    }

    /// Starts an invocation on its own task.
    pub(crate) fn spawn_invocation(&self, event: &str) -> JoinHandle<Outcome> {
        let (emulator, invocation) = (self.emulator.clone(), Invocation::new(event.to_owned()));
        tokio::spawn(async move {
            let outcome = within_timeout("the outcome", emulator.invoke(FUNCTION, invocation)).await;
            outcome.expect("an accepted invocation")
        })
    }

    /// Waits for the first event, old or new, for which `pick` returns a value.
    pub(crate) async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&EmulatorEvent) -> Option<T>) -> T {
        if let Some(found) = self.seen.iter().find_map(&mut pick) {
            return found;
        }
        let end = Instant::now() + TIMEOUT;
        loop {
            let next = timeout_at(end, self.events.next()).await;
            let Ok(Some(event)) = next else { panic!("no {what} came; seen: {:#?}", self.seen) };
            self.seen.push(event.clone());
            if let Some(found) = pick(&event) {
                return found;
            }
        }
    }

    /// Waits for the first log line that contains `part`.
    pub(crate) async fn wait_for_line(&mut self, part: &str) -> LogLine {
        self.wait_for(&format!("line with {part:?}"), |event| match event {
            EmulatorEvent::Line(line) if line.line.contains(part) => Some(line.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn wait_until_frozen(&mut self) {
        self.wait_for("freeze", |event| matches!(event, EmulatorEvent::Frozen { .. }).then_some(())).await;
    }

    /// Drops all events so far, so that only later ones count.
    pub(crate) fn clear_events(&mut self) {
        self.seen.clear();
        while self.events.try_next().is_some() {}
    }

    /// Returns all events so far, oldest first.
    pub(crate) fn events(&mut self) -> &[EmulatorEvent] {
        while let Some(event) = self.events.try_next() {
            self.seen.push(event);
        }
        &self.seen
    }

    pub(crate) fn lost(&self) -> u64 {
        self.events.lost()
    }

    /// Returns the only environment.
    pub(crate) fn environment(&self) -> EnvironmentSnapshot {
        let mut environments = self.emulator.environments();
        assert_eq!(environments.len(), 1, "{environments:#?}");
        environments.remove(0)
    }

    pub(crate) async fn shutdown(self) {
        within_timeout("the shutdown", self.emulator.shutdown()).await;
    }
}
