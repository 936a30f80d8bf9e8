//! The fake of the X-Ray daemon, which receives datagrams and never answers.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::check::split_datagram;
use super::config::XrayConfig;
use super::reserved_port::ReservedPort;
use super::store::XrayStore;
use crate::{Clock, Fault, Faults, TimedOut, fake_server};

/// The read buffer of the daemon (aws-xray-daemon, `cfg.go`).
const BUFFER_BYTES: usize = 64 * 1024;

/// The pause after a failed receive, which should never happen. It spares the processor.
const RECEIVE_RETRY_PAUSE: Duration = Duration::from_millis(10);

/// A running fake of the X-Ray daemon. Dropping it stops it.
///
/// It supports one fault, `Fault::NoResponse { accept: false }`: the datagram is lost.
#[derive(Debug)]
pub struct XrayDaemon {
    state: Arc<DaemonState>,
    port: ReservedPort,
    receive_task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct DaemonState {
    store: watch::Sender<XrayStore>,
    faults: Faults,
    clock: Clock,
}

impl XrayDaemon {
    /// Starts a fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns the error of the operating system if no port can be opened.
    pub async fn start(config: XrayConfig) -> io::Result<Self> {
        let faults = Faults::new("the X-Ray daemon", |fault| *fault == Fault::NoResponse { accept: false });
        let store = watch::Sender::new(XrayStore::new(config.bytes_kept));
        let state = Arc::new(DaemonState { store, faults, clock: config.clock });
        let daemon = Self { state, port: ReservedPort::new()?, receive_task: Mutex::default() };
        daemon.start_listening()?;
        Ok(daemon)
    }

    /// Returns the address of the socket, which is the value of `AWS_XRAY_DAEMON_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Returns the faults, to which a test adds plans.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Stops receiving. The kernel reports the port as unreachable to senders. The store stays.
    pub async fn stop_listening(&self) {
        let task = self.receive_task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Receives again at the same address. It does nothing if the fake listens already.
    ///
    /// # Errors
    /// Returns the error of the operating system if the port cannot be opened.
    pub fn start_listening(&self) -> io::Result<()> {
        let mut task = self.receive_task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            let socket = self.port.listen()?;
            *task = Some(tokio::spawn(receive_datagrams(socket, Arc::clone(&self.state))));
        }
        Ok(())
    }

    /// Stops the fake and drops its store.
    pub async fn stop(self) {
        self.stop_listening().await;
    }

    /// Calls `read` with the store. The fake stores nothing meanwhile, so `read` must return
    /// quickly.
    pub fn with_store<T>(&self, read: impl FnOnce(&XrayStore) -> T) -> T {
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
        mut find: impl FnMut(&XrayStore) -> Option<T>,
    ) -> Result<T, TimedOut> {
        fake_server::wait_for(&self.state.store, within, &mut find).await
    }
}

impl Drop for XrayDaemon {
    fn drop(&mut self) {
        if let Some(task) = self.receive_task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

async fn receive_datagrams(socket: UdpSocket, state: Arc<DaemonState>) {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let Ok((length, _)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(RECEIVE_RETRY_PAUSE).await;
            continue;
        };
        if state.faults.fault_for_call(true, |_| true).is_none() {
            let now = (state.clock)();
            state.store.send_modify(|store| add_datagram(store, &buffer[..length], now));
        }
    }
}

fn add_datagram(store: &mut XrayStore, datagram: &[u8], now: SystemTime) {
    store.call_log_mut().count_request();
    let delivery = store.call_log_mut().open_delivery();
    // UDP has no response that could be lost, so a sender has no reason to send a document twice.
    delivery.mark_answered();
    let added = split_datagram(datagram).and_then(|document| store.add_document(document, now, &delivery));
    if let Err(error) = added {
        store.call_log_mut().record_rejection(0, error.to_string(), None);
    }
}
