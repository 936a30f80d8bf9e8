//! The call_log that every fake keeps: calls counted, rejections and violations listed, deliveries with whether their answer went out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::violation::cut;
use crate::{KeyMark, Violation};

/// The lists in the call_log are for reading by people and asserts: the newest thousand of each, beside a full count.
const LISTED: usize = 1_000;

/// One batch that was taken.
#[derive(Debug)]
pub struct Delivery {
    number: u64,
    answered: AtomicBool,
}

impl Delivery {
    /// Counts from 1 in the order of arrival at this fake.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether the whole of the answer was handed to the operating system; a caller may have read it a moment before this says so. Where not, the sender can't know that its batch was taken, and may send
    /// it again: that is the one excuse for a duplicate.
    #[must_use]
    pub fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    pub(crate) fn mark_answered(&self) {
        self.answered.store(true, Ordering::Release);
    }
}

/// A call that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// The HTTP status that it was answered with.
    pub status: u16,
    /// Why, in words for people.
    pub reason: String,
    /// The end of the key that came with it, if one came.
    pub key: Option<KeyMark>,
}

/// What a fake has counted since its start.
#[derive(Debug, Default)]
pub struct CallLog {
    requests: u64,
    answers: BTreeMap<u16, u64>,
    rejected: u64,
    rejections: VecDeque<Rejection>,
    complained: u64,
    secrets: u64,
    violations: VecDeque<Violation>,
    deliveries: u64,
    listed: VecDeque<Arc<Delivery>>,
}

impl CallLog {
    /// Calls that came in whole, whatever became of them.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.requests
    }

    /// How often each status was given, also where the answer was then cut.
    #[must_use]
    pub fn answers(&self) -> &BTreeMap<u16, u64> {
        &self.answers
    }

    /// How many calls were not taken.
    #[must_use]
    pub fn rejection_count(&self) -> u64 {
        self.rejected
    }

    /// The last thousand calls that were not taken, oldest first.
    pub fn rejections(&self) -> impl DoubleEndedIterator<Item = &Rejection> {
        self.rejections.iter()
    }

    /// How many breaches of documented rules were found.
    #[must_use]
    pub fn violation_count(&self) -> u64 {
        self.complained
    }

    /// The last thousand breaches, oldest first.
    pub fn violations(&self) -> impl DoubleEndedIterator<Item = &Violation> {
        self.violations.iter()
    }

    /// How many batches were taken.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// The last thousand batches that were taken, oldest first.
    pub fn recent_deliveries(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.listed.iter().map(AsRef::as_ref)
    }

    pub(crate) fn count_request(&mut self) {
        self.requests += 1;
    }

    pub(crate) fn count_answer(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }

    pub(crate) fn reject(&mut self, status: u16, reason: impl Into<String>, key: Option<KeyMark>) {
        self.rejected += 1;
        push(&mut self.rejections, Rejection { status, reason: cut(reason.into()), key });
    }

    pub(crate) fn complain(&mut self, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            self.complained += 1;
            self.secrets += u64::from(violation.is_of_a_secret());
            push(&mut self.violations, violation);
        }
    }

    /// How many violations were of secrets.
    pub(crate) fn complained_of_secrets(&self) -> u64 {
        self.secrets
    }

    pub(crate) fn open_delivery(&mut self) -> Arc<Delivery> {
        self.deliveries += 1;
        let delivery = Arc::new(Delivery { number: self.deliveries, answered: AtomicBool::new(false) });
        push(&mut self.listed, Arc::clone(&delivery));
        delivery
    }
}

fn push<T>(list: &mut VecDeque<T>, thing: T) {
    if list.len() == LISTED {
        list.pop_front();
    }
    list.push_back(thing);
}
