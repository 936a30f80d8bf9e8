//! An emulator with one function, and patience with an end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crudder_emulator::{
    Emulator, EmulatorConfig, EmulatorEvent, EnvironmentView, FunctionConfig, Invocation, LogLine, Outcome,
    Subscription,
};
use serde_json::Value;
use tempfile::TempDir;

/// Far longer than anything here takes; a test that waits as long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// `/proc` tells nobody when it changes.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

pub(crate) const FUNCTION: &str = "guest";

/// How a fixture differs from the plain one.
pub(crate) struct Recipe {
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) extension: bool,
    pub(crate) bootstrap: &'static str,
    pub(crate) change: fn(&mut EmulatorConfig),
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            timeout: PATIENCE,
            memory_mb: 128,
            variables: Vec::new(),
            extension: false,
            bootstrap: env!("CARGO_BIN_EXE_emulator-function"),
            change: |_| (),
        }
    }
}

pub(crate) struct Fixture {
    pub(crate) emulator: Emulator,
    _folder: TempDir,
    events: Subscription,
    seen: Vec<EmulatorEvent>,
}

impl Recipe {
    pub(crate) fn extension(does: &str) -> Self {
        Self { extension: true, variables: vec![("EXTENSION_DOES", does.to_owned())], ..Self::default() }
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn open(self) -> Fixture {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = EmulatorConfig::new(folder.path());
        if self.extension {
            config.extensions.push(env!("CARGO_BIN_EXE_emulator-extension").into());
        }
        (self.change)(&mut config);
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

pub(crate) fn plain() -> Fixture {
    Recipe::default().open()
}

impl Fixture {
    /// Invokes the function with this event.
    pub(crate) async fn invoke(&self, event: &str) -> Outcome {
        let invoked = self.emulator.invoke(FUNCTION, Invocation::new(event.to_owned()));
        soon(invoked).await.expect("a taken invocation")
    }

    /// The answer of a function that must answer.
    pub(crate) async fn answer(&self, event: &str) -> Value {
        match self.invoke(event).await {
            Outcome::Succeeded { payload, .. } => serde_json::from_slice(&payload).expect("JSON"),
            failed @ Outcome::Failed { .. } => panic!("an answer was expected: {failed:?}"),
        }
    }

    /// The first event, old or new, of which `pick` makes something.
    pub(crate) async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&EmulatorEvent) -> Option<T>) -> T {
        if let Some(found) = self.seen.iter().find_map(&mut pick) {
            return found;
        }
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let next = tokio::time::timeout_at(end, self.events.next()).await;
            let Ok(Some(event)) = next else { panic!("no {what} came; seen: {:#?}", self.seen) };
            self.seen.push(event.clone());
            if let Some(found) = pick(&event) {
                return found;
            }
        }
    }

    /// The first log line that contains `part`.
    pub(crate) async fn line(&mut self, part: &str) -> LogLine {
        self.wait_for(&format!("line with {part:?}"), |event| match event {
            EmulatorEvent::Line(line) if line.line.contains(part) => Some(line.clone()),
            _ => None,
        })
        .await
    }

    /// Starts an invocation on a task of its own.
    pub(crate) fn start(&self, event: &str) -> tokio::task::JoinHandle<Outcome> {
        let (emulator, invocation) = (self.emulator.clone(), Invocation::new(event.to_owned()));
        tokio::spawn(async move { soon(emulator.invoke(FUNCTION, invocation)).await.expect("a taken invocation") })
    }

    /// Forgets what was seen, so that only what comes next counts.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
        while self.events.try_next().is_some() {}
    }

    /// Everything seen until now, newest last.
    pub(crate) fn seen(&mut self) -> &[EmulatorEvent] {
        while let Some(event) = self.events.try_next() {
            self.seen.push(event);
        }
        &self.seen
    }

    pub(crate) fn lost(&self) -> u64 {
        self.events.lost()
    }

    /// The only environment.
    pub(crate) fn environment(&self) -> EnvironmentView {
        let mut environments = self.emulator.environments();
        assert_eq!(environments.len(), 1, "{environments:#?}");
        environments.remove(0)
    }

    pub(crate) async fn frozen(&mut self) {
        self.wait_for("freeze", |event| matches!(event, EmulatorEvent::Frozen { .. }).then_some(())).await;
    }

    pub(crate) async fn close(self) {
        soon(self.emulator.shutdown()).await;
    }
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// The state letter of a process in `/proc`, nothing when it is gone.
pub(crate) fn process_state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Waits until the process is gone.
pub(crate) async fn gone(pid: u32) {
    soon(async {
        while process_state(pid).is_some_and(|state| state != 'Z') {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    })
    .await;
}

/// Waits until the process is in this state: a signal takes effect a moment after it was sent.
pub(crate) async fn reaches_state(pid: u32, state: char) {
    soon(async {
        while process_state(pid) != Some(state) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    })
    .await;
}

pub(crate) fn kill(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id")).expect("not zero");
    kill_process(pid, Signal::KILL).expect("it runs");
}
