//! An HTTP server on a listener, with limits on connections and times, and a graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

/// The most connections at once. More wait in the system's accept queue.
const MAX_CONNECTIONS: usize = 1_024;

/// The most headers of one request. It is above hyper's default of 100, because the gateway limits
/// the bytes of headers itself and responds in API Gateway's form.
const MAX_HEADERS: usize = 512;

/// The timeout for the head of a request, from the connection's start or the last response's end.
/// So it limits idle connections too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The age at which a connection closes after its current response. Without it, a connection whose
/// client never reads would stay open for ever.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(600);

/// How long a stopping server waits for responses in progress. A function may take 29 s, but the
/// developer wants the server to stop soon.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after a failed accept: if the system has no free socket, an immediate retry fails too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address of the client, as an extension of each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A running server. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on `listener`, whose address is `address`.
    pub(crate) fn start(listener: TcpListener, address: SocketAddr, router: Router) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { address, stop, task: tokio::spawn(accept(listener, router, stopped)) }
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, waits a moment for responses in progress, and frees the port.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The task ends by itself within `DRAIN_TIMEOUT`. Its result says at most that it panicked.
        let _ = self.task.await;
    }
}

async fn accept(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = serve(stream, Peer(peer), router.clone(), stopped.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // The set aborts the remaining connections when it is dropped.
    let _ = timeout(DRAIN_TIMEOUT, drained).await;
}

async fn serve(stream: TcpStream, peer: Peer, router: Router, mut stopped: watch::Receiver<bool>) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_headers(MAX_HEADERS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => (),
        () = sleep(MAX_CONNECTION_AGE) => (),
    }
    connection.as_mut().graceful_shutdown();
    // After the timeout the connection is dropped: its client is gone, or does not read.
    let _ = timeout(HEAD_TIMEOUT, connection).await;
}
