//! What is told of a request while its answer is on its way already: its access line, X-Ray's datagram, the end mark and the bell that
//! goes with it. Each wakes a process that would run before the answer left.
//!
//! The spans are in the recorder by then. A process that dies in between has lost its access line; the rest is told by the layer, since
//! there is no end mark.

use std::cell::RefCell;
use std::sync::Arc;

use crudder_recorder::Outcome;
use crudder_xray::{Daemon, MAX_DATAGRAM_BYTES, write_datagrams};
use opentelemetry_sdk::trace::SpanData;
use tokio::runtime::Handle;

use crate::buffer::with_buffer;
use crate::log::Output;
use crate::recorder::Recorder;
use crate::request::Request;
use crate::xray_span;

/// Where spans go, less the recording of each.
#[derive(Debug)]
pub(crate) struct Planes {
    pub(crate) xray: Option<Arc<Daemon>>,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(crate) service: String,
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What became of a request's datagrams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    datagrams: u8,
    all: bool,
}

impl Planes {
    /// Gives spans to X-Ray.
    pub(crate) fn send(&self, spans: &[SpanData]) -> Sent {
        let mut sent = Sent { datagrams: 0, all: true };
        let Some(daemon) = self.xray.as_ref().filter(|_| !spans.is_empty()) else { return sent };
        let borrowed = spans.iter().map(xray_span::borrow).collect::<Vec<_>>();
        with_buffer(&BUFFER, MAX_DATAGRAM_BYTES, |buffer| {
            write_datagrams(&borrowed, &self.service, buffer, |datagram| {
                sent.all &= daemon.send(datagram);
                sent.datagrams = sent.datagrams.saturating_add(1);
            });
        });
        sent
    }
}

/// The end of a root span that is recorded.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) planes: Arc<Planes>,
    pub(crate) request: Arc<Request>,
    /// What X-Ray gets.
    pub(crate) spans: Vec<SpanData>,
    pub(crate) outcome: Outcome,
}

impl Ending {
    /// Gives the spans to X-Ray; then whoever reads the recorder may go on.
    pub(crate) fn tell(&self) {
        let sent = self.planes.send(&self.spans);
        let Some(recorder) = &self.planes.recorder else { return };
        // The layer sends what a function could not: what the system did not take has not left.
        if sent.all && sent.datagrams > 0 {
            recorder.datagrams_sent(self.request.index, sent.datagrams);
        }
        recorder.invocation_ended(&self.request, self.outcome);
    }
}

/// What waits for the answer to leave. Telling it is dropping it: a task that never ran tells it too.
#[derive(Debug, Default)]
pub(crate) struct After {
    pub(crate) line: Option<(Arc<Output>, Vec<u8>)>,
    pub(crate) ending: Option<Ending>,
}

tokio::task_local! {
    /// Set while a runtime is served that says when Lambda has taken an answer.
    pub(crate) static UNTOLD: Untold;
}

/// What waits until Lambda has taken an invocation's answer, and is told with the drop of this.
#[derive(Debug, Default)]
pub struct Untold(RefCell<Option<After>>);

impl After {
    /// Tells it when Lambda has taken the answer. Where nobody says when that is, as soon as the async runtime has nothing else to do at
    /// this moment, which may be before Lambda has read it; without a runtime, now.
    pub(crate) fn tell_later(self) {
        if self.line.is_none() && self.ending.is_none() {
            return;
        }
        let mut after = Some(self);
        // Of several in one invocation, one has to wait: the others go out by being replaced.
        let _ = UNTOLD.try_with(|untold| untold.0.replace(after.take()));
        if let Some((after, runtime)) = after.zip(Handle::try_current().ok()) {
            runtime.spawn(async move {
                let _after = after;
                tokio::task::yield_now().await;
            });
        }
    }
}

impl Drop for After {
    fn drop(&mut self) {
        // The line first: an invocation that has an end mark has its line.
        if let Some((output, line)) = self.line.take() {
            output.write(&line);
        }
        if let Some(ending) = self.ending.take() {
            ending.tell();
        }
    }
}
