//! The log that every fake keeps of its calls: counts, rejections, violations and deliveries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::bounded_log::BoundedLog;
use crate::violation::truncate;
use crate::{RedactedKey, Violation};

/// The length of each list in the log. The counts beside the lists have no limit.
const MAX_LISTED: usize = 1_000;

/// One accepted call that delivered spans, items or documents.
#[derive(Debug)]
pub struct Delivery {
    number: u64,
    answered: AtomicBool,
}

impl Delivery {
    /// Returns the delivery's number. Each fake counts from 1 in the order of arrival.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns whether the fake wrote the whole response to the operating system.
    ///
    /// The caller may read the response a moment before this returns true. While it is false, the
    /// sender cannot know that the delivery was accepted and may send it again. A duplicate after
    /// that is expected.
    #[must_use]
    pub fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    pub(crate) fn mark_answered(&self) {
        self.answered.store(true, Ordering::Release);
    }
}

/// A call that the fake rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// The HTTP status of the response.
    pub status: u16,
    /// The reason, for people.
    pub reason: String,
    /// The key of the call, redacted, if it had one.
    pub key: Option<RedactedKey>,
}

/// What a fake counted and listed since its start.
#[derive(Debug)]
pub struct CallLog {
    requests: u64,
    responses: BTreeMap<u16, u64>,
    rejection_count: u64,
    rejections: BoundedLog<Rejection>,
    violation_count: u64,
    exposed_secret_count: u64,
    violations: BoundedLog<Violation>,
    delivery_count: u64,
    deliveries: BoundedLog<Arc<Delivery>>,
}

impl Default for CallLog {
    fn default() -> Self {
        Self {
            requests: 0,
            responses: BTreeMap::new(),
            rejection_count: 0,
            rejections: BoundedLog::new(MAX_LISTED),
            violation_count: 0,
            exposed_secret_count: 0,
            violations: BoundedLog::new(MAX_LISTED),
            delivery_count: 0,
            deliveries: BoundedLog::new(MAX_LISTED),
        }
    }
}

impl CallLog {
    /// Returns how many complete calls arrived, accepted or not.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.requests
    }

    /// Returns how often the fake chose each status code.
    ///
    /// This counts also the responses that a fault truncated or suppressed.
    #[must_use]
    pub fn responses_by_status(&self) -> &BTreeMap<u16, u64> {
        &self.responses
    }

    /// Returns how many calls the fake rejected.
    #[must_use]
    pub fn rejection_count(&self) -> u64 {
        self.rejection_count
    }

    /// Returns the last thousand rejected calls, oldest first.
    pub fn rejections(&self) -> impl DoubleEndedIterator<Item = &Rejection> {
        self.rejections.iter()
    }

    /// Returns how many violations the fake found.
    #[must_use]
    pub fn violation_count(&self) -> u64 {
        self.violation_count
    }

    /// Returns the last thousand violations, oldest first.
    pub fn violations(&self) -> impl DoubleEndedIterator<Item = &Violation> {
        self.violations.iter()
    }

    /// Returns how many deliveries the fake accepted.
    #[must_use]
    pub fn delivery_count(&self) -> u64 {
        self.delivery_count
    }

    /// Returns the last thousand accepted deliveries, oldest first.
    pub fn recent_deliveries(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.deliveries.iter().map(AsRef::as_ref)
    }

    pub(crate) fn count_request(&mut self) {
        self.requests += 1;
    }

    pub(crate) fn count_response(&mut self, status: u16) {
        *self.responses.entry(status).or_default() += 1;
    }

    pub(crate) fn record_rejection(&mut self, status: u16, reason: impl Into<String>, key: Option<RedactedKey>) {
        self.rejection_count += 1;
        append(&mut self.rejections, Rejection { status, reason: truncate(reason.into()), key });
    }

    pub(crate) fn record_violations(&mut self, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            self.violation_count += 1;
            self.exposed_secret_count += u64::from(violation.is_exposed_secret());
            append(&mut self.violations, violation);
        }
    }

    /// Returns how many violations were exposed secrets.
    pub(crate) fn exposed_secret_count(&self) -> u64 {
        self.exposed_secret_count
    }

    pub(crate) fn open_delivery(&mut self) -> Arc<Delivery> {
        self.delivery_count += 1;
        let delivery = Arc::new(Delivery { number: self.delivery_count, answered: AtomicBool::new(false) });
        append(&mut self.deliveries, Arc::clone(&delivery));
        delivery
    }
}

/// Appends an entry of weight 1. Nothing refers to evicted entries, so they are dropped.
fn append<T>(list: &mut BoundedLog<T>, entry: T) {
    let _ = list.push(entry, 1);
}
