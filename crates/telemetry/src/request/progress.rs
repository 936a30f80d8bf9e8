//! The state of a request that changes while it runs.

use std::hash::{DefaultHasher, Hash, Hasher};

use opentelemetry::KeyValue;
use opentelemetry::trace::Link;

use crate::failure::Failure;

/// The most annotations and reports that one request remembers. More would come from a runaway loop.
const MAX_REMEMBERED: usize = 32;

/// The state of a request that changes while it runs.
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

/// The attributes and the link with which the root span starts. If the process died, later ones would be lost.
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
    pub(super) fn add_annotation(&mut self, annotation: KeyValue) {
        self.annotations.retain(|known| known.key != annotation.key);
        if self.annotations.len() < MAX_REMEMBERED {
            self.annotations.push(annotation);
        }
    }
}
