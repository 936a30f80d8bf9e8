//! Of what an invocation died, by what the platform says, or by what can be seen without it.

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_recorder::DeathCause;

use crate::platform::Status;
use crate::table::Invocation;

/// What killed an invocation, by the platform's own word; `None` when nothing did: a handler's error is an answer, too.
pub(crate) fn of_platform(status: Status, error_type: &str, is_over: bool) -> Option<DeathCause> {
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
        // The platform has one name for exits and signals.
        return Some(DeathCause::Crash);
    }
    // What the platform calls an error whose type is not to its taste: the handler's own, told where it was met.
    if error_type.ends_with(".Unknown") && is_over {
        return None;
    }
    let is_platforms = ["Runtime.", "Sandbox.", "Extension."].iter().any(|prefix| error_type.starts_with(prefix))
        || error_type == "Function.ResponseSizeTooLarge";
    match (is_platforms, is_over) {
        (true, _) => Some(DeathCause::Platform),
        // The function never came to its end mark, so it was no answer of the handler's.
        (false, false) if status == Status::Failure => Some(DeathCause::Crash),
        _ => None,
    }
}

/// What must have killed an invocation whose process is gone, when nobody says.
pub(crate) fn of_circumstances(invocation: &Invocation, now: SystemTime) -> DeathCause {
    let now_ms = u64::try_from(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
    match invocation.deadline_unix_ms {
        deadline if deadline > 0 && now_ms >= deadline => DeathCause::Timeout,
        _ => DeathCause::Crash,
    }
}

/// When a death that nobody saw is said to have happened: not after its deadline, nor before its last record.
pub(crate) fn time_unseen(invocation: &Invocation, now_unix_nano: u64) -> u64 {
    let deadline = invocation.deadline_unix_ms.saturating_mul(1_000_000);
    let outlines = invocation.spans.values().map(|span| span.outline);
    let last = outlines.map(|outline| outline.start_ns.max(outline.end_ns)).max().unwrap_or_default();
    let by_deadline = if deadline > 0 { now_unix_nano.min(deadline) } else { now_unix_nano };
    by_deadline.max(last).max(invocation.started_unix_nano)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_the_platform_has_its_reason() {
        let of = |status, error_type| of_platform(status, error_type, false);
        assert_eq!(of(Status::Success, ""), None);
        assert_eq!(of(Status::Timeout, ""), Some(DeathCause::Timeout));
        assert_eq!(of(Status::Error, "Sandbox.Timedout"), Some(DeathCause::Timeout));
        assert_eq!(of(Status::Error, "Runtime.OutOfMemory"), Some(DeathCause::OutOfMemory));
        assert_eq!(of(Status::Error, "Runtime.ExitError"), Some(DeathCause::Crash));
        assert_eq!(of(Status::Error, "Function.ResponseSizeTooLarge"), Some(DeathCause::Platform));
        assert_eq!(of(Status::Failure, ""), Some(DeathCause::Crash));
        assert_eq!(of(Status::Error, "StoreError"), None, "the handler's own error is no death");
        assert_eq!(of_platform(Status::Failure, "", true), None);
        assert_eq!(of_platform(Status::Error, "Runtime.Unknown", true), None, "the handler's, misnamed");
    }

    #[test]
    fn without_the_platforms_word_a_passed_deadline_is_a_timeout() {
        let invocation = Invocation { deadline_unix_ms: 5_000, ..Invocation::default() };
        let at = |seconds| UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        assert_eq!(of_circumstances(&invocation, at(5)), DeathCause::Timeout);
        assert_eq!(of_circumstances(&invocation, at(4)), DeathCause::Crash);
        assert_eq!(of_circumstances(&Invocation::default(), at(4)), DeathCause::Crash);
        assert_eq!(time_unseen(&invocation, 9_000_000_000), 5_000_000_000);
    }
}
