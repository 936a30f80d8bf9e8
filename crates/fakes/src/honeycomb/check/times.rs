//! Checks the times of a span and its events.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;

use super::describe::span_label;
use crate::Violation;

/// Honeycomb keeps events for 60 days (docs.honeycomb.io, limits), so that an older one is
/// invisible at once. A time in milliseconds falls in 1970.
const MAX_AGE: Duration = Duration::from_secs(60 * 24 * 3600);

/// Honeycomb rejects or hides events in the far future, at an undocumented distance. A working
/// clock is not an hour ahead.
const MAX_AHEAD: Duration = Duration::from_secs(3600);

pub(super) fn check(span: &OtlpSpan, now: SystemTime) -> Vec<Violation> {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    let out_of_range = |name: &str, time: u64| {
        let (rule, problem) = broken_rule(time, now)?;
        Some(Violation::new(rule, format!("{}: {name} {problem}", span_label(span))))
    };
    let mut violations: Vec<_> = [("start time", start), ("end time", end)]
        .into_iter()
        .filter_map(|(name, time)| out_of_range(name, time))
        .collect();
    if start > 0 && end < start {
        let detail = format!("{}: end time is before start time; Honeycomb stores duration 0", span_label(span));
        violations.push(Violation::new("end-before-start", detail));
    }
    let events = span.events.iter();
    violations.extend(
        events.filter_map(|event| out_of_range(&format!("time of event {:?}", event.name), event.time_unix_nano)),
    );
    violations
}

/// Returns the rule that a time in nanoseconds breaks, and what is wrong.
fn broken_rule(time: u64, now: SystemTime) -> Option<(&'static str, &'static str)> {
    let time = UNIX_EPOCH + Duration::from_nanos(time);
    if time == UNIX_EPOCH {
        Some(("time-missing", "is missing"))
    } else if time < now - MAX_AGE {
        Some(("time-too-old", "is more than 60 days ago, Honeycomb hides it; use nanoseconds since 1970"))
    } else if time > now + MAX_AHEAD {
        Some(("time-in-future", "is more than an hour in the future, Honeycomb may hide it"))
    } else {
        None
    }
}
