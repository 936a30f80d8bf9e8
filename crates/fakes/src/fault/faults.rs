//! The plans of a fake: a queue that can be changed while it runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Calls, Fault, Plan};

/// This fake can't misbehave in that way, since its vendor can't.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{vendor} does not know the fault {fault:?}")]
pub struct UnsupportedFault {
    /// Whose fake was asked.
    pub vendor: &'static str,
    /// For what.
    pub fault: Fault,
}

/// A fake's plans, first come first served: the first plan that strikes a call decides, one fault a call.
#[derive(Debug)]
pub struct Faults {
    vendor: &'static str,
    fits: fn(&Fault) -> bool,
    plans: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    plans: Vec<Plan>,
    struck: u64,
}

impl Faults {
    pub(crate) fn new(vendor: &'static str, fits: fn(&Fault) -> bool) -> Self {
        Self { vendor, fits, plans: Mutex::default() }
    }

    /// Adds a plan behind those that stand.
    ///
    /// # Errors
    /// [`UnsupportedFault`] where the vendor can't misbehave so: Rollbar takes one item a call, so it has no partial success.
    pub fn add(&self, plan: Plan) -> Result<(), UnsupportedFault> {
        if !(self.fits)(&plan.fault) {
            return Err(UnsupportedFault { vendor: self.vendor, fault: plan.fault });
        }
        self.lock().plans.push(plan);
        Ok(())
    }

    /// The next delivery meets this fault; what is added later, the ones after it.
    ///
    /// # Errors
    /// As [`Faults::add`].
    pub fn inject_next(&self, fault: Fault) -> Result<(), UnsupportedFault> {
        self.add(Plan::times(1, fault))
    }

    /// Honest from now on.
    pub fn clear(&self) {
        self.lock().plans.clear();
    }

    /// How many calls have met a fault.
    #[must_use]
    pub fn injected_count(&self) -> u64 {
        self.lock().struck
    }

    /// Plans that may still strike.
    #[must_use]
    pub fn active_plans(&self) -> usize {
        self.lock().plans.len()
    }

    /// The fault that this call meets. `touches` says whether a fault concerns the call at all.
    pub(crate) fn draw(&self, is_delivery: bool, touches: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut inner = self.lock();
        let struck = inner.plans.iter_mut().find_map(|plan| {
            let meant = is_delivery || plan.calls == Calls::All;
            (meant && touches(&plan.fault) && plan.strikes()).then(|| plan.fault.clone())
        });
        inner.plans.retain(|plan| !plan.is_used_up());
        inner.struck += u64::from(struck.is_some());
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Faults {
        Faults::new("a vendor", |fault| *fault != Fault::TooLarge)
    }

    #[test]
    fn plans_strike_in_their_order_and_then_no_more() {
        let faults = faults();
        faults.add(Plan::times(2, Fault::ServerError)).unwrap();
        faults.inject_next(Fault::BadGateway).unwrap();
        let drawn: Vec<_> = (0..4).map(|_| faults.draw(true, |_| true)).collect();
        assert_eq!(drawn, [Some(Fault::ServerError), Some(Fault::ServerError), Some(Fault::BadGateway), None]);
        assert_eq!((faults.injected_count(), faults.active_plans()), (3, 0));
    }

    #[test]
    fn a_plan_for_deliveries_leaves_other_calls_alone() {
        let faults = faults();
        faults.inject_next(Fault::ServerError).unwrap();
        assert_eq!(faults.draw(false, |_| true), None);
        faults.add(Plan::times(1, Fault::BadGateway).on(Calls::All)).unwrap();
        assert_eq!(faults.draw(false, |_| true), Some(Fault::BadGateway));
    }

    #[test]
    fn a_fault_that_does_not_touch_a_call_is_kept_for_another() {
        let faults = faults();
        faults.inject_next(Fault::ServerError).unwrap();
        assert_eq!(faults.draw(true, |_| false), None);
        assert_eq!(faults.active_plans(), 1);
    }

    #[test]
    fn what_stands_until_cleared_ends_with_the_clearing() {
        let faults = faults();
        faults.add(Plan::always(Fault::ServerError)).unwrap();
        assert!((0..100).all(|_| faults.draw(true, |_| true).is_some()));
        faults.clear();
        assert_eq!(faults.draw(true, |_| true), None);
    }

    #[test]
    fn a_plan_of_chance_strikes_the_same_calls_for_the_same_seed() {
        let row = |seed| {
            let faults = faults();
            faults.add(Plan::with_probability(0.5, seed, Fault::ServerError)).unwrap();
            (0..64).map(|_| faults.draw(true, |_| true).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
        assert!(row(1).contains(&true) && row(1).contains(&false));
    }

    #[test]
    fn a_fault_that_the_vendor_does_not_know_is_refused() {
        let refused = faults().inject_next(Fault::TooLarge);
        assert_eq!(refused, Err(UnsupportedFault { vendor: "a vendor", fault: Fault::TooLarge }));
    }
}
