//! What a vendor's answer means for the batch that it was given (D5).

use std::time::{Duration, SystemTime};

/// The verdicts on a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Answer {
    /// It is the vendor's now; `rejected` of it are lost by the vendor's own word, and are never sent again.
    Taken { rejected: u64, words: String },
    /// Not now: 429, 502, 503, 504.
    Later { after: Option<Duration> },
    /// 500: perhaps later, but not for ever.
    Broken,
    /// Not ever. When one record may be the reason for all, halving finds it.
    Never { status: u16, may_be_one: bool },
    /// Not with this key.
    KeyRefused { status: u16 },
    /// No answer: the vendor may have taken it, or not.
    Silent { words: String },
}

/// A vendor that names a longer pause than this is asked again earlier: Lambda may have thrown the environment away by then.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// `Retry-After`: whole seconds, or an HTTP date.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(value)?.duration_since(now).unwrap_or_default(),
    };
    Some(pause.min(LONGEST_PAUSE))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(value: &str) -> Option<SystemTime> {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = time::PrimitiveDateTime::parse(value, format).ok()?;
    Some(date.assume_utc().into())
}

/// A 403 that is about the account's limits is a 429 in disguise.
pub(crate) fn speaks_of_throttling(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    text.contains("throttl") || text.contains("rate limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_understood_and_none_is_for_ever() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("999999", now), Some(LONGEST_PAUSE));
        assert_eq!(retry_after("soon", now), None);
    }
}
