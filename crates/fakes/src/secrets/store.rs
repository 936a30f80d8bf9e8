//! The store of the fake of Secrets Manager and SSM: its calls.

use crate::CallLog;

/// The calls so far, without the values of the responses.
#[derive(Debug, Default)]
pub struct SecretsStore {
    call_log: CallLog,
    values_returned: u64,
}

impl SecretsStore {
    /// Returns the log of calls and rejections.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Returns how many calls got a secret or parameter. A client with a cache makes one call.
    #[must_use]
    pub fn values_returned(&self) -> u64 {
        self.values_returned
    }

    pub(super) fn call_log_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    pub(super) fn count_value(&mut self) {
        self.values_returned += 1;
    }
}
