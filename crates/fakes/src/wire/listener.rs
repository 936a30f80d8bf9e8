//! A TCP listener on 127.0.0.1 that can stop and start again on the same port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

/// The limit of open connections. An extension needs one or two and a load test some dozens. Each
/// call that meets `Fault::NoResponse` keeps its connection.
const MAX_CONNECTIONS: usize = 1_024;

/// Connections that the kernel queues until the listener accepts them.
const BACKLOG: u32 = 1_024;

/// The pause after a failed accept: long enough to spare the processor, too short to matter to a
/// caller.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(10);

/// A port with a task that accepts connections while the listener is started.
///
/// A second socket stays bound to the port and never listens. While the listener is stopped,
/// callers are refused and no other process gets the port.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    _reservation: TcpSocket,
    accept_task: Mutex<Option<JoinHandle<()>>>,
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Listener {
    /// Reserves a free port. It accepts no connection before [`Listener::start`].
    pub(crate) fn new() -> io::Result<Self> {
        let reservation = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: reservation.local_addr()?, _reservation: reservation, accept_task: Mutex::default() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections and runs `serve` for each. It does nothing if the listener is started.
    pub(crate) fn start<F, T>(&self, serve: F) -> io::Result<()>
    where
        F: Fn(TcpStream) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let mut task = self.accept_task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            let listener = bind(self.address)?.listen(BACKLOG)?;
            *task = Some(tokio::spawn(accept_connections(listener, serve)));
        }
        Ok(())
    }

    /// Refuses new connections and drops the open ones.
    pub(crate) async fn stop(&self) {
        let task = self.accept_task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.accept_task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

/// Accepts connections until the task is aborted. Its `JoinSet` aborts all connections with it.
async fn accept_connections<F, T>(listener: TcpListener, serve: F)
where
    F: Fn(TcpStream) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let connection = serve(stream);
                    connections.spawn(async move { connection.await; drop(permit) });
                }
                // The process has no free file descriptor, or the caller is gone: try again.
                Err(_) => tokio::time::sleep(ACCEPT_RETRY_PAUSE).await,
            },
            Some(_) = connections.join_next() => (),
        }
    }
}
