//! Buckets: periods of time whose posts share partitions.

use std::time::Duration;

use crudder_domain::{Timestamp, Ttl};

/// A period of time whose posts share partitions.
///
/// A bucket is as long as the longest-lived post, so all posts that have not expired are in at most
/// two buckets, and a home page reads no more. A shorter one would cost more reads without any
/// gain: shards spread the writes, and the size of a partition is not limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket(u64);

impl Bucket {
    const LENGTH: Duration = Ttl::LONGEST;

    /// Returns the bucket of a post that was written at `timestamp`.
    pub(crate) fn of(timestamp: Timestamp) -> Self {
        Self(timestamp.micros() / Self::LENGTH.as_micros() as u64)
    }

    /// Reads the `sk` of a directory entry.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Returns the first timestamp of the bucket.
    pub(crate) fn start(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(Self::LENGTH.as_micros() as u64))
    }

    /// Returns when the last post of the bucket has expired.
    pub(crate) fn expires_at(self) -> Timestamp {
        self.start().saturating_add(Self::LENGTH).saturating_add(Ttl::LONGEST)
    }

    /// Returns the bucket as it is written in keys.
    pub(crate) fn key(self) -> String {
        format!("{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_that_have_not_expired_are_in_at_most_two_buckets() {
        let bucket = Bucket::of(Timestamp::from_micros(1_709_210_096_000_007));
        let oldest = |now: Timestamp| Bucket::of(now.saturating_sub(Ttl::LONGEST));
        for micros in [1_709_210_096_000_007, 1_711_000_000_000_000] {
            let now = Timestamp::from_micros(micros);
            assert!(Bucket::of(now).0 - oldest(now).0 <= 1);
        }
        assert!(bucket.expires_at() > Timestamp::from_micros(1_709_210_096_000_007).saturating_add(Ttl::LONGEST));
        assert_eq!(Bucket::parse(&bucket.key()), Some(bucket));
    }
}
