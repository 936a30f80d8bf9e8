//! The gateway's hold on the entry of a request that it is serving.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_emulator::{FailureKind, Outcome as Invoked};
use crudder_fakes::TraceId;

use super::{Entry, Outcome, Requests};

/// Letters of a path and of an error that are shown: a client may send 10 kB of them.
const SHOWN: usize = 200;

/// A request as it comes in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) trace: TraceId,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) now: SystemTime,
}

impl Asked<'_> {
    pub(super) fn entry(&self, seq: u64, revision: u64) -> Entry {
        Entry {
            seq,
            revision,
            trace: self.trace,
            started_ms: milliseconds(self.now),
            duration_us: None,
            method: cut(self.method).into(),
            path: cut(self.path).into(),
            route: None,
            function: None,
            status: None,
            cold: None,
            outcome: Outcome::Running,
            culprit: None,
            detail: None,
            planes: 0,
        }
    }
}

/// The hold. Dropped without an answer, it says that the client has left.
#[derive(Debug)]
pub(crate) struct RequestHandle {
    requests: Requests,
    seq: u64,
    is_answered: bool,
}

impl RequestHandle {
    pub(super) fn new(requests: Requests, seq: u64) -> Self {
        Self { requests, seq, is_answered: false }
    }

    /// Where it led.
    pub(crate) fn routed(&self, route: &str) {
        self.change(|entry| entry.route = Some(Arc::from(route)));
    }

    /// Whom the gateway asks; a request that it refuses by itself never gets there.
    pub(crate) fn asks(&self, function: &str) {
        self.change(|entry| entry.function = Some(Arc::from(function)));
    }

    /// What became of the function's part.
    pub(crate) fn invoked(&self, outcome: &Invoked) {
        self.change(|entry| {
            entry.cold = Some(outcome.info().cold_start);
            if let Invoked::Failed { kind, message, .. } = outcome {
                entry.outcome = death(*kind, message);
                entry.detail.get_or_insert_with(|| cut(message).into());
            }
        });
    }

    /// Closes the entry with the answer, `took` after it was opened.
    pub(crate) fn answered(mut self, status: u16, took: Duration) {
        self.is_answered = true;
        self.change(|entry| {
            entry.status = Some(status);
            entry.duration_us = u64::try_from(took.as_micros()).ok();
            if !entry.outcome.is_death() {
                // 504 is the gateway's own: the function has not died of it, and nobody else will tell.
                entry.outcome = if status == 504 { Outcome::Timeout } else { Outcome::of_status(status) };
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        self.requests.shelf().change(self.seq, change);
        self.requests.tell();
    }
}

impl Drop for RequestHandle {
    fn drop(&mut self) {
        if !self.is_answered {
            self.change(|entry| {
                if !entry.outcome.is_death() {
                    entry.outcome = Outcome::Gone;
                }
            });
        }
    }
}

/// What Lambda's word for a failure means here. An exit and a crash are one kind to it, and told apart by its words.
fn death(kind: FailureKind, message: &str) -> Outcome {
    match kind {
        FailureKind::Timeout => Outcome::Timeout,
        FailureKind::OutOfMemory => Outcome::Oom,
        FailureKind::Exit if message.contains("exit status") => Outcome::Exit,
        FailureKind::Exit | FailureKind::Init => Outcome::Crash,
        FailureKind::Handler | FailureKind::TooLarge | FailureKind::Protocol => Outcome::Error,
    }
}

pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn cut(text: &str) -> &str {
    text.char_indices().nth(SHOWN).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> (Requests, RequestHandle) {
        let requests = Requests::default();
        let trace = TraceId::new([1; 16]);
        let handle = requests.open(Asked { trace, method: "GET", path: &"/".repeat(10_000), now: UNIX_EPOCH });
        (requests, handle)
    }

    fn only(requests: &Requests) -> Entry {
        requests.newest(1, |_| true).remove(0)
    }

    #[test]
    fn a_ticket_that_is_dropped_says_that_the_client_has_left() {
        let (requests, handle) = asked();
        assert_eq!(only(&requests).outcome, Outcome::Running);
        drop(handle);
        assert_eq!(only(&requests).outcome, Outcome::Gone);
    }

    #[test]
    fn an_answers_status_does_not_hide_a_death() {
        let (requests, handle) = asked();
        requests.note(TraceId::new([1; 16]), None, |entry| entry.outcome = Outcome::of_death("out-of-memory"));
        handle.answered(502, Duration::from_millis(2));
        let entry = only(&requests);
        assert_eq!((entry.outcome, entry.status, entry.duration_us), (Outcome::Oom, Some(502), Some(2_000)));
        assert_eq!(entry.path.len(), SHOWN);
    }

    #[test]
    fn an_exit_is_told_from_a_crash() {
        for (message, outcome) in [
            ("RequestId: r Error: Runtime exited with error: exit status 3", Outcome::Exit),
            ("RequestId: r Error: Runtime exited with error: signal: aborted", Outcome::Crash),
        ] {
            assert_eq!(death(FailureKind::Exit, message), outcome, "{message}");
        }
    }
}
