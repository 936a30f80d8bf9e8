//! The ways in which a fake can fail.

use std::time::Duration;

/// One way to fail.
///
/// A fake returns [`UnsupportedFault`](crate::UnsupportedFault) for a fault that its vendor cannot
/// have.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Status 429. Honeycomb adds `Retry-After`. Rollbar adds `X-Rate-Limit-Remaining-Seconds` and
    /// never `Retry-After`.
    Throttled(RetryAfter),
    /// Status 401: the key is unknown.
    Unauthorized,
    /// Status 403: the key lacks a permission or is disabled. Secrets Manager and SSM answer 400
    /// with `AccessDeniedException`.
    ForbiddenKey,
    /// Status 403: the account exceeds its limits. Only Honeycomb has this fault.
    ForbiddenThrottling,
    /// Status 413.
    TooLarge,
    /// Status 500.
    ServerError,
    /// Status 502.
    BadGateway,
    /// Status 503.
    Unavailable(RetryAfter),
    /// Status 504.
    GatewayTimeout,
    /// Status 200, but the first `rejected` spans (or X-Ray documents) of the batch are rejected.
    PartialSuccess {
        /// How many are rejected. 0 with a message is only a warning.
        rejected: u32,
        /// The `error_message` of the response.
        message: String,
    },
    /// Status 400 for a batch that contains a marker. Rollbar answers 422, X-Ray returns that
    /// document as unprocessed. Calls without the marker are served and do not use the plan up.
    Poisoned {
        /// The attribute's key at Honeycomb. The other fakes ignore it.
        key: String,
        /// The attribute's value at Honeycomb. The other fakes look for this text anywhere in the
        /// body.
        value: String,
    },
    /// Accepts the delivery and sends a complete response later.
    Delayed {
        /// The delay.
        by: Duration,
    },
    /// Accepts the delivery, sends half of the response and closes the connection.
    TruncatedResponse,
    /// Resets the connection after it read the call.
    Reset {
        /// Whether the delivery is stored first.
        accept: bool,
    },
    /// Closes the connection without a byte of response after it read the call.
    Closed {
        /// Whether the delivery is stored first.
        accept: bool,
    },
    /// Never answers. The connection stays open until the caller closes it or the fake stops.
    NoResponse {
        /// Whether the delivery is stored first.
        accept: bool,
    },
    /// Accepts the delivery and sends the response one byte at a time.
    SlowResponse {
        /// The pause before each byte.
        interval: Duration,
    },
}

/// The `Retry-After` header of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// No header.
    Absent,
    /// A number of seconds.
    Seconds(u64),
    /// An HTTP date this far after the time of the fake's clock.
    DateIn(Duration),
}

impl Fault {
    /// Returns whether the fake stores the delivery in spite of the fault.
    pub(crate) fn accepts_delivery(&self) -> bool {
        match self {
            Self::PartialSuccess { .. }
            | Self::Delayed { .. }
            | Self::TruncatedResponse
            | Self::SlowResponse { .. } => true,
            Self::Reset { accept } | Self::Closed { accept } | Self::NoResponse { accept } => *accept,
            _ => false,
        }
    }

    /// Returns whether the fault concerns the connection and not the content of a response.
    ///
    /// Every fake of an HTTP service has these faults.
    pub(crate) fn is_connection_fault(&self) -> bool {
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
