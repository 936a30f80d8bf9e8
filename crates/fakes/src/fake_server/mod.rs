//! The HTTP server of a fake: a listener, a vendor's handler and a store that tests can read.

mod connection;
mod state;
mod wait;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use state::ServerState;
use tokio::sync::watch;

use crate::handler::Handler;
use crate::wire::Listener;
use crate::{Fault, Faults};

pub use wait::TimedOut;
pub(crate) use wait::wait_for;

/// A running fake of an HTTP service. Dropping it stops it.
#[derive(Debug)]
pub struct FakeServer<H: Handler> {
    state: Arc<ServerState<H>>,
    listener: Listener,
}

impl<H: Handler> FakeServer<H> {
    /// Starts a server on a free port of 127.0.0.1.
    pub(crate) fn launch(handler: H, store: H::Store, clock: fn() -> SystemTime) -> io::Result<Self> {
        let supports = |fault: &Fault| fault.is_connection_fault() || H::supports(fault);
        let faults = Faults::new(H::VENDOR, supports);
        let state = Arc::new(ServerState { handler, store: watch::Sender::new(store), faults, clock });
        let server = Self { state, listener: Listener::new()? };
        server.start_listening()?;
        Ok(server)
    }

    /// Returns the address of the listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Returns the base URL, `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Returns the faults, to which a test adds plans.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Refuses new connections and drops the open ones, as a vendor that is down. The store stays.
    pub async fn stop_listening(&self) {
        self.listener.stop().await;
    }

    /// Accepts connections again at the same address. It does nothing if the fake listens already.
    ///
    /// # Errors
    /// Returns the error of the operating system if the port cannot be opened.
    pub fn start_listening(&self) -> io::Result<()> {
        let state = Arc::clone(&self.state);
        self.listener.start(move |stream| connection::serve(stream, Arc::clone(&state)))
    }

    /// Stops the fake and drops its store.
    pub async fn stop(self) {
        self.listener.stop().await;
    }

    /// Calls `read` with the store. The fake stores nothing meanwhile, so `read` must return
    /// quickly.
    pub fn with_store<T>(&self, read: impl FnOnce(&H::Store) -> T) -> T {
        read(&self.state.store.borrow())
    }

    /// Waits until `find` returns a value. It is called once at the start and after each change of
    /// the store.
    ///
    /// # Errors
    /// Returns [`TimedOut`] after the time `within`.
    pub async fn wait_for<T>(
        &self,
        within: Duration,
        mut find: impl FnMut(&H::Store) -> Option<T>,
    ) -> Result<T, TimedOut> {
        wait_for(&self.state.store, within, &mut find).await
    }
}
