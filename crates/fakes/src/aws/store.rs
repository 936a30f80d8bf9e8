//! What the fake of AWS keeps: which calls were made, and the traces of the requests to the API.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::{CallLog, TraceId};

/// Requests remembered; a test makes a few.
const TRACES: usize = 1_000;

/// What was asked so far.
#[derive(Debug, Default)]
pub struct AwsStore {
    call_log: CallLog,
    calls: BTreeMap<&'static str, u32>,
    traces: Vec<(TraceId, SystemTime)>,
}

impl AwsStore {
    /// Calls and rejections.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// How often an IAM action was asked for, refused or not.
    #[must_use]
    pub fn call_count(&self, action: &str) -> u32 {
        self.calls.get(action).copied().unwrap_or_default()
    }

    /// The traces of the requests to the API, the oldest first.
    pub fn traces(&self) -> impl Iterator<Item = TraceId> {
        self.traces.iter().map(|(trace, _)| *trace)
    }

    pub(super) fn ledger_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    pub(super) fn count(&mut self, action: &'static str) -> u32 {
        let count = self.calls.entry(action).or_default();
        *count += 1;
        *count
    }

    pub(super) fn invoked(&mut self, trace: TraceId, now: SystemTime) {
        if self.traces.len() == TRACES {
            self.traces.remove(0);
        }
        self.traces.push((trace, now));
    }

    /// When the request of this trace came; `None` for a trace that nobody made.
    pub(super) fn time_of(&self, trace: TraceId) -> Option<SystemTime> {
        self.traces.iter().find(|(known, _)| *known == trace).map(|(_, time)| *time)
    }
}
