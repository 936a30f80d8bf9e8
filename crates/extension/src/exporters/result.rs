//! The result of exporting a batch (docs/delivery.md, D5).

use std::time::{Duration, SystemTime};

/// What a destination did with a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum ExportResult {
    /// It has the batch. It rejected `rejected` of the items for good; they are never sent again.
    Accepted { rejected: u64, message: String },
    /// It did not take the batch now: 429, 502, 503, 504.
    Throttled { retry_after: Option<Duration> },
    /// 500: it may take the batch later, but a batch is not retried for ever.
    ServerError,
    /// It will never take the batch. If one item may be the reason, halving the batch finds it.
    Rejected { status: u16, may_be_one_item: bool },
    /// It does not accept the credentials.
    Unauthorized { status: u16 },
    /// There was no response: it may have taken the batch, or not.
    NoResponse { message: String },
}

impl ExportResult {
    pub(crate) const ACCEPTED: Self = Self::Accepted { rejected: 0, message: String::new() };
}

/// A longer pause that a destination asks for is cut: Lambda may have discarded the environment by
/// then.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Parses `Retry-After`: whole seconds, or an HTTP date.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(value)?.duration_since(now).unwrap_or_default(),
    };
    Some(pause.min(MAX_RETRY_AFTER))
}

/// Parses a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(value: &str) -> Option<SystemTime> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(value, format).ok()?;
    Some(date.assume_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_parsed_and_limited() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("999999", now), Some(MAX_RETRY_AFTER));
        assert_eq!(retry_after("soon", now), None);
    }
}
