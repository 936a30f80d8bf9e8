//! The errors of the store.

use crudder_domain::Invalid;

/// Why a call failed, as far as its caller can act on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The item does not exist or has expired.
    #[error("item not found")]
    NotFound,
    /// The caller is not a member of the conversation.
    #[error("not a member of the conversation")]
    Forbidden,
    /// The request is invalid by a rule that needs the table, such as an unknown receiver.
    #[error("invalid request")]
    Invalid(#[from] Invalid),
    /// Conflicts or throttling outlasted the retries. Either nothing was written, or the last
    /// response was lost. The client should try again later.
    #[error("the table was busy for {attempts} attempts")]
    Busy {
        /// The number of attempts.
        attempts: u32,
        /// The cause of the last failure.
        #[source]
        source: BoxError,
    },
    /// DynamoDB refused the request because of a bug, a missing permission or a missing table.
    #[error("failed to {operation}: {code}")]
    Refused {
        /// What the request does.
        operation: &'static str,
        /// DynamoDB's error code.
        code: String,
        /// DynamoDB's response.
        #[source]
        source: BoxError,
    },
    /// The write was not sent, because DynamoDB would refuse its size or a key.
    #[error("write refused before sending: {0}")]
    InvalidWrite(&'static str),
    /// An item has an attribute in a form that this crate never writes.
    #[error("item without a usable attribute `{0}`")]
    Malformed(&'static str),
}

/// The cause of an error, with its own source chain.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of every method of the store.
pub type Result<T> = std::result::Result<T, Error>;
