//! Faults: how a fake misbehaves on demand, and the plan that says when.

mod draw;
mod faults;
mod plan;

use std::time::Duration;

pub use faults::{Faults, UnsupportedFault};
pub use plan::{Calls, Plan};

/// One way of misbehaving. Which fake knows which: [`UnsupportedFault`].
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 429, in the vendor's own way: Honeycomb with `Retry-After`, Rollbar with `X-Rate-Limit-Remaining-Seconds` and never `Retry-After`.
    Throttled(RetryAfter),
    /// 401: the key is not known.
    Unauthorized,
    /// 403 that speaks of the key. Secrets Manager and SSM say `AccessDeniedException`, with their own status.
    ForbiddenKey,
    /// 403 for an account over its limits. Honeycomb's alone.
    ForbiddenThrottling,
    /// 413.
    TooLarge,
    /// 500.
    ServerError,
    /// 502.
    BadGateway,
    /// 503.
    Unavailable(RetryAfter),
    /// 504.
    GatewayTimeout,
    /// 200, but the first `rejected` spans (or X-Ray documents) of the batch are refused with this message.
    PartialSuccess {
        /// How many; 0 with a message is a mere warning.
        rejected: u32,
        /// In the answer's `error_message`.
        message: String,
    },
    /// A batch in which something bears this mark is refused with 400 (Rollbar: 422; X-Ray: that document comes back unprocessed). Others pass, and
    /// do not use the plan up.
    Poisoned {
        /// Honeycomb: the attribute's key. Others: the mark is sought anywhere in the document, and the key is not used.
        key: String,
        /// The attribute's text, or the text to be found.
        value: String,
    },
    /// An honest answer, that much later: a vendor far away.
    Delayed {
        /// How much later.
        by: Duration,
    },
    /// Takes the batch, sends half of the answer's bytes, closes.
    TruncatedResponse,
    /// Answers with a TCP reset once the request is in.
    Reset {
        /// Whether the batch is taken first.
        accept: bool,
    },
    /// Closes without a byte of answer once the request is in.
    Closed {
        /// Whether the batch is taken first.
        accept: bool,
    },
    /// Never answers; the connection stays open until the caller leaves or the fake ends.
    NoResponse {
        /// Whether the batch is taken first.
        accept: bool,
    },
    /// Takes the batch and sends the answer one byte at a time.
    SlowResponse {
        /// The pause before each byte.
        interval: Duration,
    },
}

/// When a throttled caller may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// It is not told.
    Absent,
    /// In so many seconds.
    Seconds(u64),
    /// The same, as an HTTP date reckoned from the fake's clock.
    DateIn(Duration),
}

impl Fault {
    /// Whether the batch is taken in spite of the fault.
    pub(crate) fn takes(&self) -> bool {
        match self {
            Self::PartialSuccess { .. }
            | Self::Delayed { .. }
            | Self::TruncatedResponse
            | Self::SlowResponse { .. } => true,
            Self::Reset { accept } | Self::Closed { accept } | Self::NoResponse { accept } => *accept,
            _ => false,
        }
    }

    /// Whether the fault lies in the wire, not in the words of an answer: any fake that speaks HTTP can do it.
    pub(crate) fn is_of_the_wire(&self) -> bool {
        matches!(
            self,
            Self::Delayed { .. }
                | Self::TruncatedResponse
                | Self::Reset { .. }
                | Self::Closed { .. }
                | Self::NoResponse { .. }
                | Self::SlowResponse { .. }
        )
    }
}
