//! The running telemetry of a process: observes invocations.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tracing::Instrument;

use crate::config::Config;
use crate::destinations::Destinations;
use crate::end::End;
use crate::invocation::Invocation;
use crate::log::Lines;
use crate::report::Reports;
use crate::root_span::RootSpan;

/// The running telemetry of a process. It is cheap to clone and needs no flush and no shutdown.
#[derive(Debug, Clone)]
pub struct Telemetry {
    pub(crate) shared: Arc<Shared>,
}

/// The part that all clones share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) lines: Option<Lines>,
    pub(crate) reports: Reports,
    destinations: Arc<Destinations>,
    /// The number of invocations so far. The first is the cold start, even if others run at the same time.
    invocations: AtomicU32,
}

/// The losses of telemetry, which never waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Losses {
    /// Log lines that a full or closed standard output did not accept.
    pub lines: u64,
    /// X-Ray datagrams that the system did not accept.
    pub datagrams: u64,
}

impl Shared {
    pub(crate) fn new(config: Config, lines: Option<Lines>, reports: Reports, destinations: Arc<Destinations>) -> Self {
        Self { config, lines, reports, destinations, invocations: AtomicU32::new(0) }
    }
}

impl Telemetry {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Returns the settings of the environment.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Returns the losses so far. The recorder counts its own.
    #[must_use]
    pub fn losses(&self) -> Losses {
        let Destinations { output, xray, .. } = &*self.shared.destinations;
        Losses {
            lines: output.as_ref().map_or(0, |output| output.lost()),
            datagrams: xray.as_ref().map_or(0, |daemon| daemon.lost()),
        }
    }

    /// Runs `work` inside the root span of the invocation. The span starts with the attributes of
    /// `invocation`, and ends with the outcome that `end` returns.
    ///
    /// A panic in `work` continues to the caller. Work that is dropped before its end counts as
    /// cancelled. In both cases the root span is marked as failed.
    pub async fn observe<R>(
        &self,
        invocation: Invocation<'_>,
        work: impl Future<Output = R>,
        end: impl FnOnce(&R) -> End,
    ) -> R {
        let index = self.shared.invocations.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let root = RootSpan::open(&invocation, index, &self.shared.reports, &self.shared.destinations);
        if index == 1 {
            root.span().in_scope(|| self.log_if_recorder_is_unread());
        }
        let result = work.instrument(root.span().clone()).await;
        root.finish(|| end(&result));
        result
    }

    /// Logs one line if no extension reads the recorder, at the first invocation: by then every
    /// extension runs.
    fn log_if_recorder_is_unread(&self) {
        if self.shared.destinations.recorder.as_ref().is_some_and(|recorder| !recorder.is_read()) {
            tracing::info!("no extension reads the recorder, so nothing reaches Honeycomb or Rollbar; add the layer");
        }
    }
}
