//! CloudWatch Logs on one machine: the stage's log lines, as many as fit, found again by trace id.

mod line;
mod shelf;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crudder_emulator::{EmulatorEvent, Subscription};
use serde_json::Value;
use tokio::sync::Notify;

pub use line::Line;
use shelf::Shelf;

/// What is kept of log lines: some fifty thousand of them, and a small part of the memory that `cargo local` may take.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// Lines handed out at once, the newest: what a page shows, and no more than a few megabytes.
const SHOWN_LINES: usize = 1_000;

/// The lines of all functions.
#[derive(Debug, Clone)]
pub struct Logs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    shelf: Mutex<Shelf>,
    heard: Notify,
}

impl Default for Logs {
    fn default() -> Self {
        Self(Arc::new(Shared { shelf: Mutex::new(Shelf::new(KEPT_BYTES)), heard: Notify::new() }))
    }
}

impl Logs {
    /// Keeps what the stage says, until the stage is gone.
    pub async fn collect(self, mut stage: Subscription) {
        while let Some(event) = stage.next().await {
            self.record(&event);
        }
    }

    /// Keeps what one event says.
    pub fn record(&self, event: &EmulatorEvent) {
        self.shelf().record(event);
        self.0.heard.notify_waiters();
    }

    /// The lines of a trace once there are enough of them for `enough`: a line takes a moment from the function to here.
    pub async fn wait_for(&self, trace: &str, enough: impl Fn(&[Line]) -> bool) -> Vec<Line> {
        loop {
            let mut heard = std::pin::pin!(self.0.heard.notified());
            // Listening before looking: a line that comes in between is not missed.
            heard.as_mut().enable();
            let lines = self.lines(Some(trace));
            if enough(&lines) {
                return lines;
            }
            heard.await;
        }
    }

    /// What `read` makes of the lines that came after the first `seen`, once there are some, the newest first; and how many have come by then.
    pub(crate) async fn after<T>(&self, seen: u64, read: impl Fn(&Line) -> Option<T>) -> (u64, Vec<T>) {
        loop {
            let mut heard = std::pin::pin!(self.0.heard.notified());
            // As above.
            heard.as_mut().enable();
            let new = |shelf: &Shelf| {
                let count = usize::try_from(shelf.come().checked_sub(seen)?).ok().filter(|count| *count > 0)?;
                Some((shelf.come(), shelf.lines().rev().take(count).filter_map(&read).collect()))
            };
            if let Some(news) = new(&self.shelf()) {
                return news;
            }
            heard.await;
        }
    }

    /// The lines of a trace, the oldest first; its id in X-Ray's form, in W3C's, or as a whole `X-Amzn-Trace-Id` header. Without an id, the newest
    /// lines of all.
    #[must_use]
    pub fn lines(&self, trace: Option<&str>) -> Vec<Line> {
        let wanted = trace.map(|text| line::trace_id(text).unwrap_or_default());
        let shelf = self.shelf();
        let fitting = shelf.lines().rev().filter(|line| wanted.is_none() || line.trace_id == wanted);
        let mut newest: Vec<Line> = fitting.take(SHOWN_LINES).cloned().collect();
        newest.reverse();
        newest
    }

    /// The objects among the lines whose `message` is this one, the oldest first.
    #[must_use]
    pub fn messages(&self, message: &str) -> Vec<Value> {
        let shelf = self.shelf();
        shelf.lines().filter_map(|line| line.object().filter(|object| object["message"] == message)).collect()
    }

    /// How many lines no longer fit.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shelf().dropped
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing that is done under the lock leaves a shelf half changed.
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crudder_emulator::{LogLine, Source, Stream};
    use std::time::UNIX_EPOCH;

    const XRAY: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const W3C: &str = "5759e988bd862e3fe1be46a994272793";

    fn said(environment: &str, line: &str) -> EmulatorEvent {
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
        logs.record(&said("e", &format!(r#"{{"message":"a","trace_id":"{W3C}"}}"#)));
        logs.record(&said("e", r#"{"message":"b"}"#));
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
    fn a_line_without_an_id_belongs_to_what_its_environment_is_at() {
        let logs = Logs::default();
        logs.record(&said("e", "before"));
        logs.record(&started("e", XRAY));
        logs.record(&said("e", "thread 'main' panicked"));
        logs.record(&said("other", "elsewhere"));
        logs.record(&started("e", "1-5759e988-000000000000000000000000"));
        logs.record(&said("e", "after"));
        assert_eq!(texts(&logs, Some(XRAY)), ["thread 'main' panicked"]);
    }

    #[test]
    fn dead_letters_are_found_by_their_message() {
        let logs = Logs::default();
        logs.record(&said("e", r#"{"message":"dead letter","vendor":"honeycomb"}"#));
        logs.record(&said("e", "dead letter"));
        assert_eq!(
            logs.messages("dead letter"),
            [serde_json::json!({"message": "dead letter", "vendor": "honeycomb"})]
        );
    }
}
