//! The environments of one function: selects the one that serves the next invocation.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::environment_handle::EnvironmentHandle;
use crate::lifecycle::Availability;

/// How the next invocation is served.
#[derive(Debug)]
#[must_use]
pub(crate) enum Selection {
    /// By this environment.
    Use(EnvironmentHandle),
    /// By a new environment, which the caller must create. The pool counts it already.
    Create,
    /// Not at all: all environments that the function may have are busy.
    Throttled,
}

/// The environments of one function.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// All environments that exist.
    members: Vec<Member>,
    /// How many environments are being created.
    creating: usize,
}

#[derive(Debug)]
struct Member {
    handle: EnvironmentHandle,
    /// What it can accept, or `None` while it is busy.
    availability: Option<Availability>,
    /// How many invocations were sent to it.
    sent: u64,
}

impl Pool {
    /// Selects an environment for the next invocation, in this order:
    ///
    /// 1. an idle one, the last used first, because its memory is warm;
    /// 2. one that has responded and is about to finish, which is available sooner than a new one;
    /// 3. a new one, below the limit;
    /// 4. one that is being reset.
    pub(crate) fn select(&self, limit: usize) -> Selection {
        let mut state = self.lock();
        for wanted in [Availability::Idle, Availability::HasCapacity, Availability::Finishing] {
            if let Some(handle) = state.take(wanted) {
                return Selection::Use(handle);
            }
        }
        if state.members.len() + state.creating < limit {
            state.creating += 1;
            return Selection::Create;
        }
        match state.take(Availability::Resetting) {
            Some(handle) => Selection::Use(handle),
            None => Selection::Throttled,
        }
    }

    /// Ends a creation that [`Selection::Create`] started. `None` means that it failed.
    pub(crate) fn finish_creation(&self, handle: Option<EnvironmentHandle>) {
        let mut state = self.lock();
        state.creating = state.creating.saturating_sub(1);
        state.members.extend(handle.map(|handle| Member { handle, availability: None, sent: 1 }));
    }

    /// Sets what an environment can accept after it received so many invocations. If another one
    /// is on its way to it, the call has no effect: the environment calls again after that one.
    pub(crate) fn set_availability(&self, environment: &str, availability: Availability, received: u64) {
        let mut state = self.lock();
        let is_current = |member: &Member| member.handle.id() == environment && member.sent == received;
        let Some(position) = state.members.iter().position(is_current) else { return };
        let mut member = state.members.remove(position);
        member.availability = Some(availability);
        state.members.push(member);
    }

    /// Sets whether an environment that serves several invocations at once has capacity for more.
    pub(crate) fn set_capacity(&self, environment: &str, has_capacity: bool) {
        let mut state = self.lock();
        if let Some(member) = state.members.iter_mut().find(|member| member.handle.id() == environment) {
            member.availability = has_capacity.then_some(Availability::HasCapacity);
        }
    }

    /// Removes an environment, so that it is not selected any more.
    pub(crate) fn remove(&self, environment: &str) -> Option<EnvironmentHandle> {
        let mut state = self.lock();
        let position = state.members.iter().position(|member| member.handle.id() == environment)?;
        Some(state.members.remove(position).handle)
    }

    /// Returns all environments that exist.
    pub(crate) fn handles(&self) -> Vec<EnvironmentHandle> {
        self.lock().members.iter().map(|member| member.handle.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, wanted: Availability) -> Option<EnvironmentHandle> {
        let member = self.members.iter_mut().rev().find(|member| member.availability == Some(wanted))?;
        // An environment with capacity stays available until it calls `set_capacity`.
        member.availability = member.availability.filter(|it| *it == Availability::HasCapacity);
        member.sent += 1;
        Some(member.handle.clone())
    }
}
