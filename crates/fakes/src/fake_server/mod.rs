//! A fake at work: a handler behind a door, with a store that can be looked at and waited for.

mod connection;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::handler::Handler;
use crate::wire::Door;
use crate::{Clock, Fault, Faults};

/// A running fake of an HTTP vendor. Dropping it ends it.
#[derive(Debug)]
pub struct FakeServer<D: Handler> {
    counter: Arc<Counter<D>>,
    door: Door,
}

/// What the conversations share.
#[derive(Debug)]
struct Counter<D: Handler> {
    handler: D,
    store: watch::Sender<D::Store>,
    faults: Faults,
    clock: Clock,
}

/// What was waited for did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was waited for did not come within {0:?}")]
pub struct TimedOut(pub Duration);

impl<D: Handler> FakeServer<D> {
    pub(crate) fn begin(handler: D, store: D::Store, clock: fn() -> SystemTime) -> io::Result<Self> {
        let fits = |fault: &Fault| fault.is_of_the_wire() || D::fits(fault);
        let faults = Faults::new(D::VENDOR, fits);
        let counter = Arc::new(Counter { handler, store: watch::Sender::new(store), faults, clock });
        let fake_server = Self { counter, door: Door::new()? };
        fake_server.start_listening()?;
        Ok(fake_server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// The same as `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its plan of faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.counter.faults
    }

    /// Refuses connections from now on, and cuts those that are open: the vendor is down. Its store stays.
    pub async fn stop_listening(&self) {
        self.door.shut().await;
    }

    /// Listens again at the same address. Without effect where it listens already.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start_listening(&self) -> io::Result<()> {
        let counter = Arc::clone(&self.counter);
        self.door.open(move |stream| connection::talk(stream, Arc::clone(&counter)))
    }

    /// Ends it; what it kept goes with it.
    pub async fn stop(self) {
        self.door.shut().await;
    }

    /// Looks at what it keeps. Nothing is taken meanwhile, so be brief.
    pub fn with_store<T>(&self, look: impl FnOnce(&D::Store) -> T) -> T {
        look(&self.counter.store.borrow())
    }

    /// Waits until `look` finds what it looks for; it is called once now, and again after each change.
    ///
    /// # Errors
    /// [`TimedOut`] after `within`.
    pub async fn wait_for<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&D::Store) -> Option<T>,
    ) -> Result<T, TimedOut> {
        wait(&self.counter.store, within, &mut look).await
    }
}

/// The waiting itself, shared with the daemon that has no handler.
pub(crate) async fn wait<S, T>(
    store: &watch::Sender<S>,
    within: Duration,
    look: &mut impl FnMut(&S) -> Option<T>,
) -> Result<T, TimedOut> {
    let mut changes = store.subscribe();
    let mut found = None;
    let seen = changes.wait_for(|store| {
        found = look(store);
        found.is_some()
    });
    let ended = tokio::time::timeout(within, seen).await.map(|seen| seen.map(drop));
    match (ended, found) {
        (Ok(Ok(())), Some(found)) => Ok(found),
        _ => Err(TimedOut(within)),
    }
}
