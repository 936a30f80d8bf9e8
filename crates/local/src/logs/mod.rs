//! CloudWatch Logs on one machine: the newest log lines of all functions, found by trace id.

mod line;
mod store;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crudder_emulator::{EmulatorEvent, Subscription};
use serde_json::Value;
use tokio::sync::Notify;

pub use line::Line;
use store::LineStore;

/// The capacity of the store: some fifty thousand lines, and a small part of `cargo local`'s
/// memory.
const CAPACITY_BYTES: usize = 16 * 1024 * 1024;

/// The most lines in one response: what a page can show, and a few megabytes at most.
const MAX_LINES: usize = 1_000;

/// The log lines of all functions. Clones share them.
#[derive(Debug, Clone)]
pub struct Logs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Mutex<LineStore>,
    changed: Notify,
}

impl Default for Logs {
    fn default() -> Self {
        Self(Arc::new(Shared { store: Mutex::new(LineStore::new(CAPACITY_BYTES)), changed: Notify::new() }))
    }
}

impl Logs {
    /// Records the events of the emulator, until the emulator is gone.
    pub async fn collect(self, mut emulator: Subscription) {
        while let Some(event) = emulator.next().await {
            self.record(&event);
        }
    }

    /// Records the line of one event, if it has one.
    pub fn record(&self, event: &EmulatorEvent) {
        self.store().record(event);
        self.0.changed.notify_waiters();
    }

    /// Waits until the lines of a trace satisfy `is_complete`, and returns them. Lines arrive a
    /// moment after the function has written them.
    pub async fn wait_for(&self, trace: &str, is_complete: impl Fn(&[Line]) -> bool) -> Vec<Line> {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            // Enabled before the check, so that a line that arrives in between is not missed.
            changed.as_mut().enable();
            let lines = self.lines(Some(trace));
            if is_complete(&lines) {
                return lines;
            }
            changed.await;
        }
    }

    /// Waits until lines after the first `seen` are recorded. Returns how many are recorded now,
    /// and what `read` returns for the new ones, newest first.
    pub(crate) async fn after<T>(&self, seen: u64, read: impl Fn(&Line) -> Option<T>) -> (u64, Vec<T>) {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            // Enabled before the check, as above.
            changed.as_mut().enable();
            let new = |store: &LineStore| {
                let count = usize::try_from(store.recorded().checked_sub(seen)?).ok().filter(|count| *count > 0)?;
                Some((store.recorded(), store.lines().rev().take(count).filter_map(&read).collect()))
            };
            if let Some(lines) = new(&self.store()) {
                return lines;
            }
            changed.await;
        }
    }

    /// Returns the newest lines of a trace, oldest first. The id has X-Ray's form, W3C's form, or
    /// is a whole `X-Amzn-Trace-Id` header. Without an id, returns the newest lines of all traces.
    #[must_use]
    pub fn lines(&self, trace: Option<&str>) -> Vec<Line> {
        let wanted = trace.map(|text| line::trace_id(text).unwrap_or_default());
        let store = self.store();
        let matching = store.lines().rev().filter(|line| wanted.is_none() || line.trace_id == wanted);
        let mut newest: Vec<Line> = matching.take(MAX_LINES).cloned().collect();
        newest.reverse();
        newest
    }

    /// Returns the lines that are JSON objects with this `message`, oldest first.
    #[must_use]
    pub fn messages(&self, message: &str) -> Vec<Value> {
        let store = self.store();
        store.lines().filter_map(|line| line.object().filter(|object| object["message"] == message)).collect()
    }

    /// Returns how many lines were dropped to make space.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.store().dropped()
    }

    fn store(&self) -> MutexGuard<'_, LineStore> {
        // No code under the lock can leave the store half changed, so a poisoned lock is harmless.
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crudder_emulator::{LogLine, Source, Stream};
    use std::time::UNIX_EPOCH;

    const XRAY: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const W3C: &str = "5759e988bd862e3fe1be46a994272793";

    fn line(environment: &str, line: &str) -> EmulatorEvent {
        EmulatorEvent::Line(LogLine {
            time: UNIX_EPOCH,
            function: "home-activities".to_owned(),
            environment: environment.to_owned(),
            log_stream: "stream".to_owned(),
            source: Source::Function,
            stream: Stream::Stdout,
            line: line.to_owned(),
        })
    }

    fn started(environment: &str, root: &str) -> EmulatorEvent {
        EmulatorEvent::InvocationStarted {
            environment: environment.to_owned(),
            request_id: "r".to_owned(),
            trace_header: format!("Root={root};Parent=53995c3f42cd8ad8;Sampled=1"),
            segment_id: "53995c3f42cd8ad8".to_owned(),
            cold_start: true,
        }
    }

    fn texts(logs: &Logs, trace: Option<&str>) -> Vec<String> {
        logs.lines(trace).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_line_is_found_by_its_trace_in_every_form() {
        let logs = Logs::default();
        logs.record(&line("e", &format!(r#"{{"message":"a","trace_id":"{W3C}"}}"#)));
        logs.record(&line("e", r#"{"message":"b"}"#));
        for form in [
            XRAY,
            W3C,
            &W3C.to_uppercase(),
            &format!("Root={XRAY};Parent=53995c3f42cd8ad8;Sampled=1"),
            &format!("Root={XRAY}"),
        ] {
            assert_eq!(texts(&logs, Some(form)).len(), 1, "{form}");
        }
        assert_eq!(texts(&logs, None).len(), 2);
        assert_eq!(texts(&logs, Some("nothing of the kind")), [""; 0]);
    }

    #[test]
    fn a_line_without_an_id_belongs_to_its_environments_current_trace() {
        let logs = Logs::default();
        logs.record(&line("e", "before"));
        logs.record(&started("e", XRAY));
        logs.record(&line("e", "thread 'main' panicked"));
        logs.record(&line("other", "elsewhere"));
        logs.record(&started("e", "1-5759e988-000000000000000000000000"));
        logs.record(&line("e", "after"));
        assert_eq!(texts(&logs, Some(XRAY)), ["thread 'main' panicked"]);
    }

    #[test]
    fn dead_letters_are_found_by_their_message() {
        let logs = Logs::default();
        logs.record(&line("e", r#"{"message":"dead letter","vendor":"honeycomb"}"#));
        logs.record(&line("e", "dead letter"));
        assert_eq!(
            logs.messages("dead letter"),
            [serde_json::json!({"message": "dead letter", "vendor": "honeycomb"})]
        );
    }
}
