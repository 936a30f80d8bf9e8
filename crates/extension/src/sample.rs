//! Tail sampling: which requests are kept, and how many each kept one stands for.

use crate::config::Config;
use crate::table::Invocation;

/// The rate that is stamped on all spans of an invocation, or `None` when it is not kept. Errors, deaths, cold starts and slow
/// requests are always kept; of the rest one in N, by trace id, so that all functions of a trace decide alike.
pub(crate) fn rate(invocation: &Invocation, config: &Config) -> Option<u64> {
    let rate = config.sample_rate;
    if rate <= 1 || invocation.is_cold || invocation.has_failed() || is_slow(invocation, config) {
        return Some(1);
    }
    let hash = invocation.trace.last_chunk::<8>().map_or(0, |low| u64::from_be_bytes(*low));
    hash.is_multiple_of(rate).then_some(rate)
}

fn is_slow(invocation: &Invocation, config: &Config) -> bool {
    let spans = || invocation.spans.values().map(|span| span.outline);
    let start = spans().map(|outline| outline.start_ns).min().unwrap_or_default();
    let end = spans().map(|outline| outline.end_ns).max().unwrap_or_default();
    u128::from(end.saturating_sub(start)) >= config.slow.as_nanos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Span;
    use crudder_recorder::{Outcome, SpanIds};

    fn config() -> Config {
        let variables = [("AWS_LAMBDA_RUNTIME_API", "a:1"), ("CRUDDER_SAMPLE_RATE", "10")];
        Config::read(|asked| variables.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
            .unwrap()
    }

    fn taking(ms: u64, trace: u64) -> Invocation {
        let outline = crudder_otlp::SpanSummary { start_ns: 5, end_ns: 5 + ms * 1_000_000, failed: false };
        let span = Span { ids: SpanIds::default(), started: Some(0), ended: Some(1), outline, is_out: false };
        let mut invocation = Invocation { ended: Some(Outcome::Succeeded), ..Invocation::default() };
        invocation.trace[8..].copy_from_slice(&trace.to_be_bytes());
        invocation.spans.insert([1; 8], span);
        invocation
    }

    #[test]
    fn one_in_ten_of_the_ordinary_is_kept_and_stands_for_ten() {
        let config = config();
        let kept: Vec<u64> = (0..100).filter_map(|trace| rate(&taking(1, trace), &config)).collect();
        assert_eq!(kept, [10; 10]);
    }

    #[test]
    fn errors_cold_starts_and_slow_requests_are_kept_as_they_are() {
        let config = config();
        let cold = Invocation { is_cold: true, ..taking(1, 7) };
        let failed = Invocation { ended: Some(Outcome::Failed), ..taking(1, 7) };
        for invocation in [cold, failed, taking(1000, 7)] {
            assert_eq!(rate(&invocation, &config), Some(1), "{invocation:?}");
        }
        assert_eq!(rate(&taking(999, 7), &config), None);
    }
}
