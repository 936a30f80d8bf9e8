//! The handle with which the gateway updates the entry of a request in progress.

use std::sync::Arc;
use std::time::Duration;

use crudder_emulator::Outcome as InvocationOutcome;

use super::entry::{Entry, NewRequest, truncate};
use super::outcome::Outcome;
use super::record::Requests;

/// Updates one entry. If it is dropped without a response, the client has disconnected.
#[derive(Debug)]
pub(crate) struct RequestHandle {
    requests: Requests,
    seq: u64,
    has_response: bool,
}

impl RequestHandle {
    /// Adds the entry of a request that has just arrived.
    pub(crate) fn open(requests: &Requests, request: NewRequest<'_>) -> Self {
        let seq = requests.add(request);
        Self { requests: requests.clone(), seq, has_response: false }
    }

    /// Sets the route that matches the path.
    pub(crate) fn set_route(&self, route: &str) {
        self.change(|entry| entry.route = Some(Arc::from(route)));
    }

    /// Sets the function that the gateway invokes. A request that the gateway rejects has none.
    pub(crate) fn set_function(&self, function: &str) {
        self.change(|entry| entry.function = Some(Arc::from(function)));
    }

    /// Sets how the invocation ended.
    pub(crate) fn set_invocation(&self, outcome: &InvocationOutcome) {
        self.change(|entry| {
            entry.cold = Some(outcome.info().cold_start);
            if let InvocationOutcome::Failed { kind, message, .. } = outcome {
                entry.outcome = Outcome::of_failure(*kind, message);
                entry.detail.get_or_insert_with(|| truncate(message).into());
            }
        });
    }

    /// Closes the entry with the status of the response and the duration of the request.
    pub(crate) fn close(mut self, status: u16, duration: Duration) {
        self.has_response = true;
        self.change(|entry| {
            entry.status = Some(status);
            entry.duration_us = u64::try_from(duration.as_micros()).ok();
            if !entry.outcome.is_death() {
                // The gateway's own 504: the function is alive, so no other source reports this
                // timeout.
                entry.outcome = if status == 504 { Outcome::Timeout } else { Outcome::of_status(status) };
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        self.requests.change(self.seq, change);
    }
}

impl Drop for RequestHandle {
    fn drop(&mut self) {
        if !self.has_response {
            self.change(|entry| {
                if !entry.outcome.is_death() {
                    entry.outcome = Outcome::Gone;
                }
            });
        }
    }
}
