//! The HTTP server that Lambda's Telemetry API posts platform events to.

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

use crate::invocations::{PlatformEvent, decode};

/// A delivery may be a little larger than twice the buffer's 256 kB.
const MAX_DELIVERY_BYTES: usize = 2 << 20;
/// The most events that wait to be handled; Lambda sends some ten per invocation. Further events
/// are dropped: the ring has everything but the cause of a death.
const MAX_QUEUED_EVENTS: usize = 1024;

/// Binds a port and serves it. Lambda allows any port but 9001.
pub(super) async fn listen() -> io::Result<(u16, mpsc::Receiver<PlatformEvent>)> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    let port = listener.local_addr()?.port();
    let (sender, events) = mpsc::channel(MAX_QUEUED_EVENTS);
    tokio::spawn(serve(listener, sender));
    Ok((port, events))
}

async fn serve(listener: TcpListener, events: mpsc::Sender<PlatformEvent>) {
    while !events.is_closed() {
        let Ok((stream, _)) = listener.accept().await else {
            // Most likely there are no file descriptors left; a pause avoids a busy loop.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let events = events.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| receive(request, &events));
            // If the connection breaks, Lambda opens another.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Decodes a delivery and answers 200 at once.
async fn receive(
    request: Request<Incoming>,
    events: &mpsc::Sender<PlatformEvent>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    if let Ok(body) = Limited::new(request.into_body(), MAX_DELIVERY_BYTES).collect().await {
        for event in decode(&body.to_bytes()) {
            let _ = events.try_send(event);
        }
    }
    Ok(Response::new(Empty::new()))
}
