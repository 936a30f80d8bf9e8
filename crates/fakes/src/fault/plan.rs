//! A plan: a fault and the calls that it affects.

use super::kind::Fault;
use super::rng::Rng;

/// The calls that a plan applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Calls that deliver spans, items or documents. Every call to a key service or to `Aws`.
    Deliveries,
    /// All calls, also `/1/auth` and `/api/1/project`.
    All,
}

/// A fault and when to inject it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) fault: Fault,
    schedule: Schedule,
    pub(super) calls: Calls,
}

#[derive(Debug, Clone)]
enum Schedule {
    Times(u32),
    Always,
    Random { probability: f64, rng: Rng },
}

impl Plan {
    /// Injects the fault into the next `times` deliveries.
    #[must_use]
    pub fn times(times: u32, fault: Fault) -> Self {
        Self { fault, schedule: Schedule::Times(times), calls: Calls::Deliveries }
    }

    /// Injects the fault into every delivery until the plans are cleared.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self { fault, schedule: Schedule::Always, calls: Calls::Deliveries }
    }

    /// Injects the fault into each delivery with this probability (0 to 1) until the plans are
    /// cleared.
    ///
    /// The same seed selects the same calls.
    #[must_use]
    pub fn with_probability(probability: f64, seed: u64, fault: Fault) -> Self {
        let schedule = Schedule::Random { probability, rng: Rng::new(seed) };
        Self { fault, schedule, calls: Calls::Deliveries }
    }

    /// Sets the calls that the plan applies to. The default is [`Calls::Deliveries`].
    #[must_use]
    pub fn on(self, calls: Calls) -> Self {
        Self { calls, ..self }
    }

    /// Returns whether to inject the fault into this call, and counts the call.
    pub(super) fn is_due(&mut self) -> bool {
        match &mut self.schedule {
            Schedule::Times(left) => {
                let is_due = *left > 0;
                *left = left.saturating_sub(1);
                is_due
            }
            Schedule::Always => true,
            Schedule::Random { probability, rng } => rng.happens(*probability),
        }
    }

    pub(super) fn is_used_up(&self) -> bool {
        matches!(self.schedule, Schedule::Times(0))
    }
}
