//! The plans of a fake, which can be changed while it runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::kind::Fault;
use super::plan::{Calls, Plan};

/// The error for a fault that the fake's vendor cannot have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the fake of {vendor} does not support the fault {fault:?}")]
pub struct UnsupportedFault {
    /// The vendor of the fake.
    pub vendor: &'static str,
    /// The fault.
    pub fault: Fault,
}

/// The plans of a fake, in the order in which they were added.
///
/// A call meets at most one fault: that of the first plan that is due for it.
#[derive(Debug)]
pub struct Faults {
    vendor: &'static str,
    supports: fn(&Fault) -> bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    plans: Vec<Plan>,
    injected: u64,
}

impl Faults {
    pub(crate) fn new(vendor: &'static str, supports: fn(&Fault) -> bool) -> Self {
        Self { vendor, supports, inner: Mutex::default() }
    }

    /// Adds a plan after the existing ones.
    ///
    /// # Errors
    /// Returns [`UnsupportedFault`] if the vendor cannot have the fault. Rollbar, for example,
    /// takes one item per call, so it has no partial success.
    pub fn add(&self, plan: Plan) -> Result<(), UnsupportedFault> {
        if !(self.supports)(&plan.fault) {
            return Err(UnsupportedFault { vendor: self.vendor, fault: plan.fault });
        }
        self.lock().plans.push(plan);
        Ok(())
    }

    /// Injects the fault into the next delivery for which no earlier plan is due.
    ///
    /// # Errors
    /// Returns the same error as [`Faults::add`].
    pub fn inject_next(&self, fault: Fault) -> Result<(), UnsupportedFault> {
        self.add(Plan::times(1, fault))
    }

    /// Removes all plans.
    pub fn clear(&self) {
        self.lock().plans.clear();
    }

    /// Returns how many calls met a fault.
    #[must_use]
    pub fn injected_count(&self) -> u64 {
        self.lock().injected
    }

    /// Returns how many plans are not used up.
    #[must_use]
    pub fn active_plans(&self) -> usize {
        self.lock().plans.len()
    }

    /// Returns the fault for a call. `applies` returns whether a fault concerns this call at all.
    pub(crate) fn fault_for_call(&self, is_delivery: bool, applies: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut inner = self.lock();
        let fault = inner.plans.iter_mut().find_map(|plan| {
            let includes_call = is_delivery || plan.calls == Calls::All;
            (includes_call && applies(&plan.fault) && plan.is_due()).then(|| plan.fault.clone())
        });
        inner.plans.retain(|plan| !plan.is_used_up());
        inner.injected += u64::from(fault.is_some());
        fault
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Faults {
        Faults::new("a vendor", |fault| *fault != Fault::TooLarge)
    }

    #[test]
    fn plans_apply_in_order_until_they_are_used_up() {
        let faults = faults();
        faults.add(Plan::times(2, Fault::ServerError)).unwrap();
        faults.inject_next(Fault::BadGateway).unwrap();
        let injected: Vec<_> = (0..4).map(|_| faults.fault_for_call(true, |_| true)).collect();
        assert_eq!(injected, [Some(Fault::ServerError), Some(Fault::ServerError), Some(Fault::BadGateway), None]);
        assert_eq!((faults.injected_count(), faults.active_plans()), (3, 0));
    }

    #[test]
    fn a_plan_for_deliveries_does_not_affect_other_calls() {
        let faults = faults();
        faults.inject_next(Fault::ServerError).unwrap();
        assert_eq!(faults.fault_for_call(false, |_| true), None);
        faults.add(Plan::times(1, Fault::BadGateway).on(Calls::All)).unwrap();
        assert_eq!(faults.fault_for_call(false, |_| true), Some(Fault::BadGateway));
    }

    #[test]
    fn a_fault_that_does_not_apply_to_a_call_is_kept_for_another() {
        let faults = faults();
        faults.inject_next(Fault::ServerError).unwrap();
        assert_eq!(faults.fault_for_call(true, |_| false), None);
        assert_eq!(faults.active_plans(), 1);
    }

    #[test]
    fn a_plan_without_end_applies_until_the_plans_are_cleared() {
        let faults = faults();
        faults.add(Plan::always(Fault::ServerError)).unwrap();
        assert!((0..100).all(|_| faults.fault_for_call(true, |_| true).is_some()));
        faults.clear();
        assert_eq!(faults.fault_for_call(true, |_| true), None);
    }

    #[test]
    fn a_random_plan_selects_the_same_calls_for_the_same_seed() {
        let selection = |seed| {
            let faults = faults();
            faults.add(Plan::with_probability(0.5, seed, Fault::ServerError)).unwrap();
            (0..64).map(|_| faults.fault_for_call(true, |_| true).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(selection(1), selection(1));
        assert_ne!(selection(1), selection(2));
        assert!(selection(1).contains(&true) && selection(1).contains(&false));
    }

    #[test]
    fn an_unsupported_fault_is_an_error() {
        let error = faults().inject_next(Fault::TooLarge);
        assert_eq!(error, Err(UnsupportedFault { vendor: "a vendor", fault: Fault::TooLarge }));
    }
}
