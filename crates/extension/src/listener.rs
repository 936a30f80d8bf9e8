//! Where the Telemetry API posts its events: taken, answered 200 at once, decoded and handed on.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::platform::{self, PlatformEvent};

/// Deliveries reach twice the buffer's 256 kB, and some.
const LARGEST_DELIVERY: usize = 2 << 20;
/// Events that wait to be acted on; Lambda makes some ten an invocation. What finds the queue full is dropped: the ring knows
/// all but the reason.
const QUEUE: usize = 1024;

/// Binds a port that Lambda can reach, and serves it. Any but 9001 is allowed.
pub(crate) async fn listen() -> io::Result<(u16, mpsc::Receiver<PlatformEvent>)> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    let port = listener.local_addr()?.port();
    let (sender, events) = mpsc::channel(QUEUE);
    tokio::spawn(serve(listener, sender));
    Ok((port, events))
}

async fn serve(listener: TcpListener, events: mpsc::Sender<PlatformEvent>) {
    while !events.is_closed() {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: let others go first rather than spin.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let events = events.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| take(request, &events));
            // A connection that breaks is Lambda's to open again.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn take(
    request: Request<Incoming>,
    events: &mpsc::Sender<PlatformEvent>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    if let Ok(body) = Limited::new(request.into_body(), LARGEST_DELIVERY).collect().await {
        for event in platform::decode(&body.to_bytes()) {
            let _ = events.try_send(event);
        }
    }
    Ok(Response::new(Empty::new()))
}
