//! Why the store could not do what it was asked.

use crudder_domain::Invalid;

/// What a caller can act on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or none any more.
    #[error("no such thing in the table")]
    NotFound,
    /// The caller is no member of the conversation.
    #[error("not a member of the conversation")]
    Forbidden,
    /// The request can't be: what only the table could tell, such as a receiver whom nobody knows.
    #[error("invalid request")]
    Invalid(#[from] Invalid),
    /// Others wrote to the same items, or the table was throttled, until the retries were used up. Nothing was written, or the
    /// last answer was lost on its way; trying later is right.
    #[error("the table was busy for {attempts} attempts")]
    Busy {
        /// How often it was tried.
        attempts: u32,
        /// What the last attempt met.
        #[source]
        source: BoxError,
    },
    /// DynamoDB refused the request: a mistake of ours, a missing permission, a missing table.
    #[error("failed to {operation}: {code}")]
    Refused {
        /// What was asked of it.
        operation: &'static str,
        /// Its name for the reason.
        code: String,
        /// Its answer.
        #[source]
        source: BoxError,
    },
    /// A write that DynamoDB would refuse for its size; it was not sent.
    #[error("write refused before sending: {0}")]
    InvalidWrite(&'static str),
    /// An item that is not as this crate writes it.
    #[error("item without a usable attribute `{0}`")]
    Malformed(&'static str),
}

/// The cause of an error, with its own chain.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What every method of the store answers.
pub type Result<T> = std::result::Result<T, Error>;
