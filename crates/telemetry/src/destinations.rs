//! The destinations of this process: standard output, the X-Ray daemon, the recorder.

use std::cell::RefCell;
use std::sync::Arc;

use crudder_xray::{Daemon, MAX_DATAGRAM_BYTES, write_datagrams};
use opentelemetry_sdk::trace::SpanData;

use crate::buffer::with_buffer;
use crate::log::Output;
use crate::recorder::Recorder;
use crate::xray_span;

/// The destinations of this process. Each may be missing.
#[derive(Debug)]
pub(crate) struct Destinations {
    /// Standard output, for log lines.
    pub(crate) output: Option<Arc<Output>>,
    /// X-Ray's daemon.
    pub(crate) xray: Option<Daemon>,
    /// The recorder, from which the extension exports to Honeycomb and Rollbar.
    pub(crate) recorder: Option<Arc<Recorder>>,
    /// The name under which X-Ray stores metadata.
    pub(crate) service_name: String,
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The datagrams of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) datagrams: u8,
    /// Whether the system has accepted all of them.
    pub(crate) all: bool,
}

impl Destinations {
    /// Sends spans to X-Ray's daemon.
    pub(crate) fn send_to_xray(&self, spans: &[SpanData]) -> Sent {
        let mut sent = Sent { datagrams: 0, all: true };
        let Some(daemon) = self.xray.as_ref().filter(|_| !spans.is_empty()) else { return sent };
        let borrowed = spans.iter().map(xray_span::borrow).collect::<Vec<_>>();
        with_buffer(&BUFFER, MAX_DATAGRAM_BYTES, |buffer| {
            write_datagrams(&borrowed, &self.service_name, buffer, |datagram| {
                sent.all &= daemon.send(datagram);
                sent.datagrams = sent.datagrams.saturating_add(1);
            });
        });
        sent
    }
}
