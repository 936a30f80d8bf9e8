//! The work that follows the response: access line, X-Ray datagrams, end record, wake-up of the extension.
//!
//! Most of it wakes another process, which would run before the response left. The spans are
//! in the recorder by then. If the process dies before this work, only its access line is lost: the
//! extension finds no end record, and exports the rest.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::destinations::Destinations;
use crate::request::{Deferred, EndOfInvocation, Request};

/// The work of one request that follows its response. [`PostResponse::flush`] does it.
#[derive(Debug)]
pub(crate) struct PostResponse {
    deferred: Deferred,
    request: Arc<Request>,
    destinations: Arc<Destinations>,
}

/// Holds the work of an invocation whose runtime reports when Lambda has taken the response.
pub(crate) type Slot = RefCell<Option<PostResponse>>;

tokio::task_local! {
    /// Set while a runtime serves an invocation under `RuntimeLayer`.
    pub(crate) static SLOT: Slot;
}

impl PostResponse {
    pub(crate) fn new(deferred: Deferred, request: Arc<Request>, destinations: Arc<Destinations>) -> Self {
        Self { deferred, request, destinations }
    }

    /// Does the work when Lambda has taken the response, if `RuntimeLayer` reports that. Otherwise
    /// as soon as the async runtime has nothing else to do, which may be before Lambda has read the
    /// response; and without an async runtime at once.
    pub(crate) fn schedule(self) {
        if self.deferred.is_empty() {
            return;
        }
        let mut work = Some(self);
        // Several in one invocation: only the last one waits.
        if let Ok(Some(replaced)) = SLOT.try_with(|slot| slot.replace(work.take())) {
            replaced.flush();
        }
        let Some(work) = work else { return };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                tokio::task::yield_now().await;
                work.flush();
            })),
            Err(_) => work.flush(),
        }
    }

    /// Writes the access line and ends the invocation.
    pub(crate) fn flush(mut self) {
        self.run();
    }

    fn run(&mut self) {
        // The line first: an invocation with an end record has its access line.
        if let Some((line, output)) = self.deferred.access_line.take().zip(self.destinations.output.as_ref()) {
            output.write(&line);
        }
        if let Some(end) = self.deferred.end.take() {
            end_invocation(&self.destinations, &self.request, &end);
        }
    }
}

/// Fallback: does the work if its task was dropped or if the invocation was cancelled.
impl Drop for PostResponse {
    fn drop(&mut self) {
        self.run();
    }
}

/// Ends an invocation: sends its spans to X-Ray, writes the end record, wakes the extension.
///
/// This is where a function decides that it wakes the extension: once per invocation, always.
pub(crate) fn end_invocation(destinations: &Destinations, request: &Request, end: &EndOfInvocation) {
    let sent = destinations.send_to_xray(&end.spans);
    let Some(recorder) = &destinations.recorder else { return };
    // The extension sends the datagrams that the system did not accept from the function.
    if sent.all && sent.datagrams > 0 {
        recorder.datagrams_sent(request.index, sent.datagrams);
    }
    recorder.invocation_ended(request, end.outcome);
    recorder.wake_reader();
}
