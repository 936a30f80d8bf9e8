//! Which environment serves the next invocation of a function.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::environment::Handle;
use crate::life::Offer;

/// What the pool says to a caller.
#[derive(Debug)]
#[must_use]
pub(crate) enum Choice {
    /// This one takes it.
    Take(Handle),
    /// A new one is to be made; its place is already counted.
    Make,
    /// As many as the function may have are busy.
    Throttled,
}

/// The environments of one function.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Every environment that lives, and what it offers.
    members: Vec<Member>,
    /// Places counted for environments that are being made.
    making: usize,
}

#[derive(Debug)]
struct Member {
    handle: Handle,
    offer: Option<Offer>,
    /// How many invocations were given to it.
    given: u64,
}

impl Pool {
    /// An idle environment, the last used first, as its memory is warm; else one that has answered and settles, since it is
    /// free sooner than a new one is up; else a new one; at the limit one that is being reset.
    pub(crate) fn choose(&self, limit: usize) -> Choice {
        let mut state = self.lock();
        for wanted in [Offer::Idle, Offer::Sharing, Offer::Settling] {
            if let Some(handle) = state.take(wanted) {
                return Choice::Take(handle);
            }
        }
        if state.members.len() + state.making < limit {
            state.making += 1;
            return Choice::Make;
        }
        match state.take(Offer::Resetting) {
            Some(handle) => Choice::Take(handle),
            None => Choice::Throttled,
        }
    }

    /// Fills the place that [`Choice::Make`] counted; nothing where the environment could not be made.
    pub(crate) fn made(&self, handle: Option<Handle>) {
        let mut state = self.lock();
        state.making = state.making.saturating_sub(1);
        state.members.extend(handle.map(|handle| Member { handle, offer: None, given: 1 }));
    }

    /// The environment, which has received so many invocations, can take another. An offer that crosses an invocation on its
    /// way there is void: another offer follows when that one is served.
    pub(crate) fn offer(&self, environment: &str, offer: Offer, received: u64) {
        let mut state = self.lock();
        let known = |member: &Member| member.handle.id() == environment && member.given == received;
        let Some(place) = state.members.iter().position(known) else { return };
        let mut member = state.members.remove(place);
        member.offer = Some(offer);
        state.members.push(member);
    }

    /// An environment that serves several invocations at once has room for more, or has not.
    pub(crate) fn share(&self, environment: &str, has_room: bool) {
        let mut state = self.lock();
        if let Some(member) = state.members.iter_mut().find(|member| member.handle.id() == environment) {
            member.offer = has_room.then_some(Offer::Sharing);
        }
    }

    /// The environment is not chosen any more.
    pub(crate) fn remove(&self, environment: &str) -> Option<Handle> {
        let mut state = self.lock();
        let place = state.members.iter().position(|member| member.handle.id() == environment)?;
        Some(state.members.remove(place).handle)
    }

    /// Every environment that lives.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        self.lock().members.iter().map(|member| member.handle.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, wanted: Offer) -> Option<Handle> {
        let member = self.members.iter_mut().rev().find(|member| member.offer == Some(wanted))?;
        member.offer = member.offer.filter(|offer| *offer == Offer::Sharing);
        member.given += 1;
        Some(member.handle.clone())
    }
}
