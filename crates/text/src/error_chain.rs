//! An error and its sources as one line.

use std::error::Error;

/// Returns the error and all its sources, separated by `: `.
///
/// ```
/// use std::io::{Error, ErrorKind};
/// # #[derive(Debug)]
/// # struct Failed(Error);
/// # impl std::fmt::Display for Failed {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("failed to read the key") }
/// # }
/// # impl std::error::Error for Failed {
/// #     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> { Some(&self.0) }
/// # }
///
/// let error = Failed(Error::new(ErrorKind::ConnectionRefused, "connection refused"));
/// assert_eq!(crudder_text::error_chain(&error), "failed to read the key: connection refused");
/// ```
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
