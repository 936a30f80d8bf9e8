//! X-Ray's daemon: datagrams in, no answer ever out.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::XrayStore;
use super::check::header;
use super::port::Port;
use crate::{Clock, Fault, Faults, TimedOut, XrayConfig, fake_server};

/// The daemon's read buffer.
const DATAGRAM: usize = 64 * 1024;

/// After a failed receive, which a listening socket should never see: it spares the processor.
const PAUSE: Duration = Duration::from_millis(10);

/// A running fake of X-Ray's daemon. Dropping it ends it.
///
/// It knows one fault, `Fault::NoResponse { accept: false }`: the datagram is lost on its way.
#[derive(Debug)]
pub struct XrayDaemon {
    inner: Arc<Inner>,
    port: Port,
    listener: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Inner {
    store: watch::Sender<XrayStore>,
    faults: Faults,
    clock: Clock,
}

impl XrayDaemon {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when no port is to be had.
    pub async fn start(config: XrayConfig) -> io::Result<Self> {
        let faults = Faults::new("X-Ray's daemon", |fault| *fault == Fault::NoResponse { accept: false });
        let store = watch::Sender::new(XrayStore::new(config.bytes_kept));
        let inner = Arc::new(Inner { store, faults, clock: config.clock });
        let daemon = Self { inner, port: Port::new()?, listener: Mutex::default() };
        daemon.start_listening()?;
        Ok(daemon)
    }

    /// Where it listens: the value of `AWS_XRAY_DAEMON_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Its plan of faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// Hears nothing from now on; senders are told that the port is unreachable.
    pub async fn stop_listening(&self) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(listener) = listener {
            listener.abort();
            let _ = listener.await;
        }
    }

    /// Hears again at the same address. Without effect where it hears already.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start_listening(&self) -> io::Result<()> {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.is_none() {
            let socket = self.port.listen()?;
            *listener = Some(tokio::spawn(listen(socket, Arc::clone(&self.inner))));
        }
        Ok(())
    }

    /// Ends it; what it kept goes with it.
    pub async fn stop(self) {
        self.stop_listening().await;
    }

    /// Looks at what it keeps. Nothing is taken meanwhile, so be brief.
    pub fn with_store<T>(&self, look: impl FnOnce(&XrayStore) -> T) -> T {
        look(&self.inner.store.borrow())
    }

    /// Waits until `look` finds what it looks for; it is called once now, and again after each change.
    ///
    /// # Errors
    /// [`TimedOut`] after `within`.
    pub async fn wait_for<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&XrayStore) -> Option<T>,
    ) -> Result<T, TimedOut> {
        fake_server::wait(&self.inner.store, within, &mut look).await
    }
}

impl Drop for XrayDaemon {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take() {
            listener.abort();
        }
    }
}

async fn listen(socket: UdpSocket, inner: Arc<Inner>) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let Ok((length, _)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if inner.faults.draw(true, |_| true).is_none() {
            let now = (inner.clock)();
            inner.store.send_modify(|store| take(store, &buffer[..length], now));
        }
    }
}

fn take(store: &mut XrayStore, datagram: &[u8], now: SystemTime) {
    store.ledger_mut().count_request();
    let delivery = store.ledger_mut().open_delivery();
    // There is no answer that could get lost: whoever sends a document twice by UDP has chosen to.
    delivery.mark_answered();
    let taken = header::split(datagram).and_then(|document| store.take(document, now, &delivery));
    if let Err(refusal) = taken {
        store.ledger_mut().reject(0, refusal.to_string(), None);
    }
}
