//! What changes while a request runs.

use std::hash::{DefaultHasher, Hash, Hasher};

use opentelemetry::KeyValue;
use opentelemetry::trace::Link;

use crate::failure::Failure;

/// At most so many annotations and reports of one request are remembered: more would be a loop
/// that got out of hand.
const MAX_REMEMBERED: usize = 32;

/// What changes while a request runs.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Set until the root span starts.
    pub(super) root_start: Option<RootStart>,
    /// The last panic, until the root span ends.
    pub(super) panic: Option<Failure>,
    /// The hashes of the reported messages.
    reported: Vec<u64>,
    /// Every annotation of the request: for its later reports, and for the end of its root span.
    pub(super) annotations: Vec<KeyValue>,
}

/// What the root span gets the moment it starts: what came later would die with the process.
#[derive(Debug)]
pub(crate) struct RootStart {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) link: Option<Link>,
}

impl Progress {
    pub(super) fn new(root_start: RootStart) -> Self {
        Self { root_start: Some(root_start), ..Self::default() }
    }

    /// Whether this is the first report of `message`: an error passes several handlers on its way up.
    pub(super) fn is_first_report(&mut self, message: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        message.hash(&mut hasher);
        let hash = hasher.finish();
        if self.reported.contains(&hash) {
            return false;
        }
        if self.reported.len() < MAX_REMEMBERED {
            self.reported.push(hash);
        }
        true
    }

    /// Remembers an annotation, in place of an earlier one with its key.
    pub(super) fn annotate(&mut self, annotation: KeyValue) {
        self.annotations.retain(|known| known.key != annotation.key);
        if self.annotations.len() < MAX_REMEMBERED {
            self.annotations.push(annotation);
        }
    }
}
