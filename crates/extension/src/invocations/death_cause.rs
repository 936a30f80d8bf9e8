//! Determines why an invocation died, from platform events or from the ring alone.

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_recorder::DeathCause;

use super::invocation::Invocation;
use super::platform_event::Status;

/// Returns the cause of death that a platform event implies. Returns `None` if the invocation did
/// not die: an error that the handler returned is a response too.
pub(crate) fn from_platform(status: Status, error_type: &str, is_over: bool) -> Option<DeathCause> {
    if status == Status::Success {
        return None;
    }
    if status == Status::Timeout || error_type == "Sandbox.Timedout" || error_type == "Sandbox.Timeout" {
        return Some(DeathCause::Timeout);
    }
    if error_type.ends_with("OutOfMemory") {
        return Some(DeathCause::OutOfMemory);
    }
    if error_type == "Runtime.ExitError" {
        // The platform has one error type for exits and signals.
        return Some(DeathCause::Crash);
    }
    // The platform replaces an error type that it does not accept. The error is the handler's own
    // and was reported where it happened.
    if error_type.ends_with(".Unknown") && is_over {
        return None;
    }
    let is_platform_error = ["Runtime.", "Sandbox.", "Extension."].iter().any(|prefix| error_type.starts_with(prefix))
        || error_type == "Function.ResponseSizeTooLarge";
    match (is_platform_error, is_over) {
        (true, _) => Some(DeathCause::Platform),
        // The function did not record its end, so the handler returned nothing.
        (false, false) if status == Status::Failure => Some(DeathCause::Crash),
        _ => None,
    }
}

/// Returns the probable cause of death of an invocation whose process is gone, without a platform
/// event.
pub(crate) fn without_platform_event(invocation: &Invocation, now: SystemTime) -> DeathCause {
    let now_ms = u64::try_from(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
    match invocation.deadline_unix_ms {
        deadline if deadline > 0 && now_ms >= deadline => DeathCause::Timeout,
        _ => DeathCause::Crash,
    }
}

/// Returns the time of a death that nothing recorded: not after the deadline, and not before the
/// last record.
pub(crate) fn time_of_unseen_death(invocation: &Invocation, now_unix_nano: u64) -> u64 {
    let deadline = invocation.deadline_unix_ms.saturating_mul(1_000_000);
    let summaries = invocation.spans.values().map(|span| span.summary);
    let last = summaries.map(|summary| summary.start_ns.max(summary.end_ns)).max().unwrap_or_default();
    let by_deadline = if deadline > 0 { now_unix_nano.min(deadline) } else { now_unix_nano };
    by_deadline.max(last).max(invocation.started_unix_nano)
}

/// Describes a cause of death as the end of a sentence about an invocation.
pub(crate) fn describe(cause: DeathCause) -> &'static str {
    match cause {
        DeathCause::Timeout => "timed out",
        DeathCause::OutOfMemory => "ran out of memory",
        DeathCause::Crash => "crashed",
        DeathCause::Exit => "exited",
        DeathCause::Platform => "failed in the platform",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_type_of_the_platform_implies_its_cause() {
        let cause = |status, error_type| from_platform(status, error_type, false);
        assert_eq!(cause(Status::Success, ""), None);
        assert_eq!(cause(Status::Timeout, ""), Some(DeathCause::Timeout));
        assert_eq!(cause(Status::Error, "Sandbox.Timedout"), Some(DeathCause::Timeout));
        assert_eq!(cause(Status::Error, "Runtime.OutOfMemory"), Some(DeathCause::OutOfMemory));
        assert_eq!(cause(Status::Error, "Runtime.ExitError"), Some(DeathCause::Crash));
        assert_eq!(cause(Status::Error, "Function.ResponseSizeTooLarge"), Some(DeathCause::Platform));
        assert_eq!(cause(Status::Failure, ""), Some(DeathCause::Crash));
        assert_eq!(cause(Status::Error, "StoreError"), None, "the handler's own error is no death");
        assert_eq!(from_platform(Status::Failure, "", true), None);
        assert_eq!(
            from_platform(Status::Error, "Runtime.Unknown", true),
            None,
            "the handler's own error under another name"
        );
    }

    #[test]
    fn without_a_platform_event_a_passed_deadline_is_a_timeout() {
        let invocation = Invocation { deadline_unix_ms: 5_000, ..Invocation::default() };
        let at = |seconds| UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        assert_eq!(without_platform_event(&invocation, at(5)), DeathCause::Timeout);
        assert_eq!(without_platform_event(&invocation, at(4)), DeathCause::Crash);
        assert_eq!(without_platform_event(&Invocation::default(), at(4)), DeathCause::Crash);
        assert_eq!(time_of_unseen_death(&invocation, 9_000_000_000), 5_000_000_000);
    }
}
