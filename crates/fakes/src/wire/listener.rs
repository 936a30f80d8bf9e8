//! The door: a port on 127.0.0.1 that can be shut and opened again without losing its number.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

/// Connections open at once. A layer needs one or two; a load test some dozens; a silent vendor holds on to each.
const CONNECTIONS: usize = 1_024;

/// Connections that the kernel may hold for us before we accept them.
const BACKLOG: u32 = 1_024;

/// After a failed accept: long enough to spare the processor, short enough for nobody to notice.
const PAUSE: Duration = Duration::from_millis(10);

/// Holds the port while it is shut: a socket that is bound and does not listen, so that a caller is refused and nobody else gets the port.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    _hold: TcpSocket,
    porter: Mutex<Option<JoinHandle<()>>>,
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Door {
    /// Takes a free port. Nobody is let in before [`Door::open`].
    pub(crate) fn new() -> io::Result<Self> {
        let hold = bound((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: hold.local_addr()?, _hold: hold, porter: Mutex::default() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets callers in, each to a `talk` of its own. Without effect where it is open already.
    pub(crate) fn open<F, T>(&self, talk: F) -> io::Result<()>
    where
        F: Fn(TcpStream) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let mut porter = self.porter.lock().unwrap_or_else(PoisonError::into_inner);
        if porter.is_none() {
            let listener = bound(self.address)?.listen(BACKLOG)?;
            *porter = Some(tokio::spawn(let_in(listener, talk)));
        }
        Ok(())
    }

    /// Refuses callers from now on, and cuts those who are inside.
    pub(crate) async fn shut(&self) {
        let porter = self.porter.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(porter) = porter {
            porter.abort();
            let _ = porter.await;
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some(porter) = self.porter.lock().unwrap_or_else(PoisonError::into_inner).take() {
            porter.abort();
        }
    }
}

/// The talks live in this task's set, so that they end when it does.
async fn let_in<F, T>(listener: TcpListener, talk: F)
where
    F: Fn(TcpStream) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut talks = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let talk = talk(stream);
                    talks.spawn(async move { talk.await; drop(place) });
                }
                // The process has no file left, or the caller is gone already: the next turn finds out.
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = talks.join_next() => (),
        }
    }
}
