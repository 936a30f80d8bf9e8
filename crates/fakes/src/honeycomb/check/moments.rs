//! Rules about times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::trace::v1::Span as Wired;

use super::told;
use crate::Violation;

/// Honeycomb keeps events for 60 days: older ones are invisible at once. A time in milliseconds lies in 1970.
const OLDEST: Duration = Duration::from_secs(60 * 24 * 3600);

/// The far future is refused or hidden, at what distance is not documented; no honest clock is an hour ahead.
const FURTHEST: Duration = Duration::from_secs(3600);

pub(super) fn times(span: &Wired, now: SystemTime) -> Vec<Violation> {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    let complain = |rule, what: &str| Some(Violation::new(rule, format!("{what} of {}", told(span))));
    let moments = [("start", start), ("end", end)];
    let mut violations: Vec<_> =
        moments.iter().filter_map(|(name, time)| complain(out_of_range(*time, now)?, name)).collect();
    if start > 0 && end < start {
        violations.extend(complain("end-before-start", "times"));
    }
    violations.extend(
        span.events
            .iter()
            .filter_map(|event| complain(out_of_range(event.time_unix_nano, now)?, &format!("event {:?}", event.name))),
    );
    violations
}

fn out_of_range(time: u64, now: SystemTime) -> Option<&'static str> {
    let time = UNIX_EPOCH + Duration::from_nanos(time);
    if time == UNIX_EPOCH {
        Some("time-missing")
    } else if time < now - OLDEST {
        Some("time-past")
    } else if time > now + FURTHEST {
        Some("time-future")
    } else {
        None
    }
}
