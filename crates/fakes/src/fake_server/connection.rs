//! One connection: reads calls, passes them to the handler and writes responses or injects faults.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response as HttpResponse};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::state::{ServerState, unsent_response};
use crate::Fault;
use crate::handler::{Call, Handled, Handler, Response};
use crate::wire::{ResponseControl, ResponseStream, WriteMode};

/// The longest life of a connection, also of one that `Fault::NoResponse` keeps open.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// A body must arrive within this time, as at a vendor's load balancer.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The server reads up to this much of a body that is too large. Its sender can then read the
/// response and does not meet a reset while it sends.
const MAX_DISCARDED_BYTES: usize = 128 * 1024 * 1024;

/// Serves one connection until the caller closes it or a fault ends it.
pub(super) async fn serve<H: Handler>(stream: TcpStream, state: Arc<ServerState<H>>) {
    // Responses are small. With Nagle's algorithm the kernel would wait for more data.
    let _ = stream.set_nodelay(true);
    let control = ResponseControl::default();
    let io = TokioIo::new(ResponseStream::new(stream, control.clone()));
    let service = service_fn(move |request| respond(request, control.clone(), Arc::clone(&state)));
    // An error means that the caller left or that an injected fault cut the response. Both are
    // expected.
    let _ = tokio::time::timeout(CONNECTION_TIMEOUT, http1::Builder::new().serve_connection(io, service)).await;
}

async fn respond<H: Handler>(
    request: Request<Incoming>,
    control: ResponseControl,
    state: Arc<ServerState<H>>,
) -> Result<HttpResponse<Full<Bytes>>, hyper::Error> {
    let call = match tokio::time::timeout(BODY_TIMEOUT, read_call(request, H::MAX_BODY_BYTES)).await {
        Ok(call) => call?,
        Err(_) => return Ok(close(&control)),
    };
    let fault = state.fault_for(&call);
    let Handled { response, delivery } = state.process(&call, fault.as_ref());
    delay(fault.as_ref()).await;
    let shared = Arc::clone(&state);
    control.prepare(write_mode(fault.as_ref()), move || {
        if let Some(delivery) = delivery {
            delivery.mark_answered();
            // Wakes the tests that wait for the answer.
            shared.store.send_modify(|_| ());
        }
    });
    Ok(http_response(response))
}

async fn read_call(request: Request<Incoming>, max_bytes: usize) -> Result<Call, hyper::Error> {
    let (head, mut body) = request.into_parts();
    let (mut bytes, mut received) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        received += data.len();
        bytes.extend_from_slice(&data[..data.len().min(max_bytes - bytes.len())]);
        if received > MAX_DISCARDED_BYTES {
            break;
        }
    }
    let is_truncated = received > bytes.len();
    Ok(Call { method: head.method, uri: head.uri, headers: head.headers, body: bytes.freeze(), is_truncated })
}

fn write_mode(fault: Option<&Fault>) -> WriteMode {
    match fault {
        Some(Fault::TruncatedResponse) => WriteMode::Truncated,
        Some(Fault::Closed { .. }) => WriteMode::Closed,
        Some(Fault::Reset { .. }) => WriteMode::Reset,
        Some(Fault::SlowResponse { interval }) => WriteMode::Slow(*interval),
        _ => WriteMode::Complete,
    }
}

async fn delay(fault: Option<&Fault>) {
    match fault {
        Some(Fault::Delayed { by }) => tokio::time::sleep(*by).await,
        Some(Fault::NoResponse { .. }) => match std::future::pending::<Infallible>().await {},
        _ => (),
    }
}

fn close(control: &ResponseControl) -> HttpResponse<Full<Bytes>> {
    control.prepare(WriteMode::Closed, || ());
    http_response(unsent_response())
}

fn http_response(response: Response) -> HttpResponse<Full<Bytes>> {
    let mut http = HttpResponse::new(Full::new(response.body));
    *http.status_mut() = response.status;
    http.headers_mut().extend(response.headers);
    http
}
