//! The store of AWS's fake: the calls by action, and the traces of the requests to the API.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::bounded_log::BoundedLog;
use crate::{CallLog, TraceId};

/// How many traces are stored. A test makes a few requests.
const MAX_TRACES: usize = 1_000;

/// The calls so far.
#[derive(Debug)]
pub struct AwsStore {
    call_log: CallLog,
    call_counts: BTreeMap<&'static str, u32>,
    traces: BoundedLog<(TraceId, SystemTime)>,
}

impl Default for AwsStore {
    fn default() -> Self {
        let (call_log, call_counts) = (CallLog::default(), BTreeMap::new());
        Self { call_log, call_counts, traces: BoundedLog::new(MAX_TRACES) }
    }
}

impl AwsStore {
    /// Returns the log of calls and rejections.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Returns how many calls of an IAM action were made, including rejected ones.
    #[must_use]
    pub fn call_count(&self, action: &str) -> u32 {
        self.call_counts.get(action).copied().unwrap_or_default()
    }

    /// Returns the traces of the requests to the API, oldest first.
    pub fn traces(&self) -> impl Iterator<Item = TraceId> {
        self.traces.iter().map(|(trace, _)| *trace)
    }

    pub(super) fn call_log_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Counts a call of an action and returns the new count.
    pub(super) fn count_call(&mut self, action: &'static str) -> u32 {
        let count = self.call_counts.entry(action).or_default();
        *count += 1;
        *count
    }

    pub(super) fn add_trace(&mut self, trace: TraceId, now: SystemTime) {
        // Nothing refers to evicted traces.
        let _ = self.traces.push((trace, now), 1);
    }

    /// Returns when the request with this trace arrived, or `None` for an unknown trace.
    pub(super) fn request_time(&self, trace: TraceId) -> Option<SystemTime> {
        self.traces.iter().find(|(known, _)| *known == trace).map(|(_, time)| *time)
    }
}
