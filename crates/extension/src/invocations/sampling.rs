//! Tail sampling: decides which requests are kept, and how many requests each of them represents.

use std::time::Duration;

use super::invocation::Invocation;

/// Which requests are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling {
    /// One in this many ordinary requests is kept.
    pub(crate) rate: u64,
    /// Requests that take longer are always kept.
    pub(crate) slow: Duration,
}

impl Sampling {
    /// Returns the sample rate of all spans of an invocation, or `None` if it is not kept. Errors,
    /// deaths, cold starts and slow requests are always kept. Of the rest, one in N is kept by
    /// trace id, so that all functions of a trace decide alike.
    pub(crate) fn sample_rate(&self, invocation: &Invocation) -> Option<u64> {
        if self.rate <= 1 || invocation.is_cold || invocation.has_failed() || self.is_slow(invocation) {
            return Some(1);
        }
        let hash = invocation.trace.last_chunk::<8>().map_or(0, |low| u64::from_be_bytes(*low));
        hash.is_multiple_of(self.rate).then_some(self.rate)
    }

    fn is_slow(&self, invocation: &Invocation) -> bool {
        let summaries = || invocation.spans.values().map(|span| span.summary);
        let start = summaries().map(|summary| summary.start_ns).min().unwrap_or_default();
        let end = summaries().map(|summary| summary.end_ns).max().unwrap_or_default();
        u128::from(end.saturating_sub(start)) >= self.slow.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocations::Span;
    use crudder_recorder::{Outcome, SpanIds};

    const SAMPLING: Sampling = Sampling { rate: 10, slow: Duration::from_secs(1) };

    fn taking(ms: u64, trace: u64) -> Invocation {
        let summary = crudder_otlp::SpanSummary { start_ns: 5, end_ns: 5 + ms * 1_000_000, failed: false };
        let (started, ended) = (Some(0), Some(1));
        let span = Span { ids: SpanIds::default(), started, ended, record_bytes: 0, summary, is_exported: false };
        let mut invocation = Invocation { ended: Some(Outcome::Succeeded), ..Invocation::default() };
        invocation.trace[8..].copy_from_slice(&trace.to_be_bytes());
        invocation.spans.insert([1; 8], span);
        invocation
    }

    #[test]
    fn one_in_ten_ordinary_requests_is_kept_and_represents_ten() {
        let kept: Vec<u64> = (0..100).filter_map(|trace| SAMPLING.sample_rate(&taking(1, trace))).collect();
        assert_eq!(kept, [10; 10]);
    }

    #[test]
    fn errors_cold_starts_and_slow_requests_are_always_kept() {
        let cold = Invocation { is_cold: true, ..taking(1, 7) };
        let failed = Invocation { ended: Some(Outcome::Failed), ..taking(1, 7) };
        for invocation in [cold, failed, taking(1000, 7)] {
            assert_eq!(SAMPLING.sample_rate(&invocation), Some(1), "{invocation:?}");
        }
        assert_eq!(SAMPLING.sample_rate(&taking(999, 7)), None);
    }
}
