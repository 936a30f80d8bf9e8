//! Timestamps in microseconds, and their text form in the API.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// RFC 3339 in UTC with six digits of the second: every version of the front end reads it the same
/// way.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// A point in time, from 1970 to 9999, exact to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last microsecond of the year 9999. A four-digit year goes no further, and an id's 48
    /// bits of milliseconds do.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// Returns the timestamp `micros` microseconds after 1970, at most [`Timestamp::MAX`].
    pub const fn from_micros(micros: u64) -> Self {
        Self(if micros > Self::MAX.0 { Self::MAX.0 } else { micros })
    }

    /// Returns the microseconds since 1970.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Returns the seconds since 1970, as DynamoDB's time to live counts them. They are rounded up,
    /// so that DynamoDB deletes no item early.
    pub const fn seconds_rounded_up(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }

    /// Returns the timestamp `duration` later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    /// Returns the timestamp `duration` earlier, at the earliest 1970.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .map_err(|_| std::fmt::Error)?
            .format(FORMAT)
            .map_err(|_| std::fmt::Error)?;
        out.write_str(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_formatted_in_utc_with_six_digits() {
        assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::from_micros(1_709_210_096_000_007).to_string(), "2024-02-29T12:34:56.000007Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn a_timestamp_stays_between_1970_and_9999() {
        assert_eq!(Timestamp::from_micros(u64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_micros(5).saturating_sub(Duration::from_secs(1)), Timestamp::from_micros(0));
        assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_secs(1)), Timestamp::from_micros(0));
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!(Timestamp::from_micros(1_000_001).seconds_rounded_up(), 2);
        assert_eq!(Timestamp::from_micros(1_000_000).seconds_rounded_up(), 1);
    }
}
