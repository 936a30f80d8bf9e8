//! An error as every destination shows it.

use std::borrow::Cow;
use std::error::Error;
use std::panic::Location;

/// An error as every destination shows it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failure {
    /// The type of the error, a name of low cardinality: `store::Error::Throttled`.
    pub kind: Cow<'static, str>,
    /// The message of the error.
    pub message: String,
    /// The messages of its sources, outermost first.
    pub causes: Vec<String>,
    /// Where the error was handled, `file:line`, if there is no backtrace.
    pub location: Option<String>,
    /// A backtrace in std's form.
    pub backtrace: Option<String>,
}

/// A longer source chain is cut, because a chain that loops must not hold a request.
const MAX_CAUSES: usize = 16;

impl Failure {
    /// An error of the type `kind` with its source chain; its location is the caller's.
    #[must_use]
    #[track_caller]
    pub fn new(kind: impl Into<Cow<'static, str>>, error: &(dyn Error + 'static)) -> Self {
        let caller = Location::caller();
        Self {
            kind: kind.into(),
            message: error.to_string(),
            causes: causes_of(error).map(ToString::to_string).collect(),
            location: Some(format!("{}:{}", caller.file(), caller.line())),
            backtrace: None,
        }
    }

    /// An error of which only the type and a message are known.
    #[must_use]
    pub fn from_message(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into(), causes: Vec::new(), location: None, backtrace: None }
    }

    /// Work that was dropped before it ended.
    pub(crate) fn cancelled() -> Self {
        Self::from_message("cancelled", "the work was dropped before it ended")
    }

    /// Sets the backtrace, in std's form.
    #[must_use]
    pub fn with_backtrace(self, backtrace: impl Into<String>) -> Self {
        Self { backtrace: Some(backtrace.into()), ..self }
    }
}

/// The sources of `error`, outermost first.
pub(crate) fn causes_of<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
    .take(MAX_CAUSES)
}
