//! One plan: a fault, and which calls it strikes.

use super::Fault;
use super::draw::Draw;

/// Which calls a plan is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Those that deliver something: spans, items, documents. For the key services: every one.
    Deliveries,
    /// All, `/1/auth` and `/api/1/project` too.
    All,
}

/// A fault, and when it strikes.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) fault: Fault,
    when: When,
    pub(super) calls: Calls,
}

#[derive(Debug, Clone)]
enum When {
    Times(u32),
    Always,
    Chance { probability: f64, draw: Draw },
}

impl Plan {
    /// Strikes the next `times` calls.
    #[must_use]
    pub fn times(times: u32, fault: Fault) -> Self {
        Self { fault, when: When::Times(times), calls: Calls::Deliveries }
    }

    /// Strikes every call until the plan is cleared.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self { fault, when: When::Always, calls: Calls::Deliveries }
    }

    /// Strikes a call with this probability (0 to 1), the same calls for the same seed, until the plan is cleared.
    #[must_use]
    pub fn with_probability(probability: f64, seed: u64, fault: Fault) -> Self {
        Self { fault, when: When::Chance { probability, draw: Draw::new(seed) }, calls: Calls::Deliveries }
    }

    /// Says which calls it is meant for; deliveries, if nothing is said.
    #[must_use]
    pub fn on(self, calls: Calls) -> Self {
        Self { calls, ..self }
    }

    /// Whether it strikes this call; a plan of a number is one shorter then.
    pub(super) fn strikes(&mut self) -> bool {
        match &mut self.when {
            When::Times(left) => {
                let strikes = *left > 0;
                *left = left.saturating_sub(1);
                strikes
            }
            When::Always => true,
            When::Chance { probability, draw } => draw.hits(*probability),
        }
    }

    pub(super) fn is_used_up(&self) -> bool {
        matches!(self.when, When::Times(0))
    }
}
