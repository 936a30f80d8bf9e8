//! The error for a call whose signature is missing or wrong.

/// Why AWS rejects the signature of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignatureError {
    /// AWS's name for the error.
    pub(crate) kind: &'static str,
    pub(crate) message: &'static str,
}
