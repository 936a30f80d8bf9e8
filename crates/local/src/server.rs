//! An HTTP server on a listener: bounded in connections and in time, and gone when it is told to stop.

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

/// Connections at once. More wait in the system's own queue.
const CONNECTIONS: usize = 1_024;

/// Headers of one request, above hyper's own hundred: their bytes are what the gateway limits, and answers in its own shape.
const MOST_HEADERS: usize = 512;

/// For the head of a request, counted from the connection's or the last answer's end: so long an idle connection is kept too.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// A connection is closed after the answer that it is at by then, so that one that is never read cannot stay for ever.
const CONNECTION_LIFE: Duration = Duration::from_secs(600);

/// For an answer that is under way when the server stops; a function may take 29 s, but who stops a server wants it to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// When the system can't give another socket it can't the moment after, either.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who asks: the address at the other end of the connection.
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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, waits a moment for the answers under way, and frees the port.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // It ends by itself within `DRAIN_WITHIN`; that it panicked is no news for who stops it.
        let _ = self.task.await;
    }
}

async fn accept(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&free).acquire_owned() => permit,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let serving = serve(stream, Peer(peer), router.clone(), stopped.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then is dropped with the set.
    let _ = timeout(DRAIN_WITHIN, drained).await;
}

async fn serve(stream: TcpStream, peer: Peer, router: Router, mut stopped: watch::Receiver<bool>) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_headers(MOST_HEADERS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => (),
        () = sleep(CONNECTION_LIFE) => (),
    }
    connection.as_mut().graceful_shutdown();
    // A client that is gone, or does not read its answer, is left.
    let _ = timeout(HEAD_WITHIN, connection).await;
}
