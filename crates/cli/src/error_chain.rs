//! An error and its sources as one line of text.

use std::error::Error;

/// Returns the error's message and those of all its sources, joined by `": "`.
pub(crate) fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
