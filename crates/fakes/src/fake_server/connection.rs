//! One connection: reads calls, lets the handler answer, and misbehaves where the plan of faults says so.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Counter;
use crate::Fault;
use crate::handler::{Answer, Call, Handler, Served};
use crate::wire::{Manner, Wire, WireStream};

/// No talk is longer: silence, too, has an end.
const TALK: Duration = Duration::from_secs(15 * 60);

/// A body has to arrive in this time, as at a vendor's load balancer.
const BODY: Duration = Duration::from_secs(60);

/// What is read of a body that is too large, so that its sender hears the answer, and not a reset in the middle of its sending.
const DRAINED: usize = 128 * 1024 * 1024;

pub(super) async fn talk<D: Handler>(stream: TcpStream, counter: Arc<Counter<D>>) {
    // Answers are small: without this the kernel waits for more before it sends them.
    let _ = stream.set_nodelay(true);
    let wire = Wire::default();
    let io = TokioIo::new(WireStream::new(stream, wire.clone()));
    let service = service_fn(move |request| answer(request, wire.clone(), Arc::clone(&counter)));
    // An error here is a caller's leaving, or a cut that was asked for: both are in order.
    let _ = tokio::time::timeout(TALK, http1::Builder::new().serve_connection(io, service)).await;
}

async fn answer<D: Handler>(
    request: Request<Incoming>,
    wire: Wire,
    counter: Arc<Counter<D>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let call = match tokio::time::timeout(BODY, read(request, D::LARGEST_BODY)).await {
        Ok(call) => call?,
        Err(_) => return Ok(hang_up(&wire)),
    };
    let fault = counter.draw(&call);
    let Served { answer, delivery } = counter.settle(&call, fault.as_ref());
    pause(fault.as_ref()).await;
    let bell = Arc::clone(&counter);
    wire.prepare(manner(fault.as_ref()), move || {
        if let Some(delivery) = delivery {
            delivery.mark_answered();
            bell.store.send_modify(|_| ());
        }
    });
    Ok(response(answer))
}

impl<D: Handler> Counter<D> {
    fn draw(&self, call: &Call) -> Option<Fault> {
        self.faults.draw(self.handler.is_delivery(call), |fault| match fault {
            Fault::Poisoned { key, value } => self.handler.bears_mark(call, key, value),
            _ => true,
        })
    }

    /// What the vendor makes of the call, whether or not the caller will hear of it.
    fn settle(&self, call: &Call, fault: Option<&Fault>) -> Served {
        let now = (self.clock)();
        let served = match fault {
            Some(fault) if D::takes(fault) => self.handler.serve(call, Some(fault), now, &self.store),
            Some(fault) if fault.is_of_the_wire() => hang_up_answer().into(),
            Some(fault) => self.refuse(call, fault, now),
            None => self.handler.serve(call, None, now, &self.store),
        };
        let status = served.answer.status.as_u16();
        self.store.send_modify(|store| {
            let call_log = D::call_log(store);
            call_log.count_request();
            call_log.count_answer(status);
        });
        served
    }

    fn refuse(&self, call: &Call, fault: &Fault, now: std::time::SystemTime) -> Served {
        let answer = self.handler.refuse(fault, call, now);
        let reason = format!("planned fault: {fault:?}");
        self.store.send_modify(|store| D::call_log(store).reject(answer.status.as_u16(), reason, None));
        answer.into()
    }
}

async fn read(request: Request<Incoming>, largest: usize) -> Result<Call, hyper::Error> {
    let (head, mut body) = request.into_parts();
    let (mut bytes, mut seen) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen += data.len();
        bytes.extend_from_slice(&data[..data.len().min(largest - bytes.len())]);
        if seen > DRAINED {
            break;
        }
    }
    let is_cut = seen > bytes.len();
    Ok(Call { method: head.method, uri: head.uri, headers: head.headers, body: bytes.freeze(), is_cut })
}

fn manner(fault: Option<&Fault>) -> Manner {
    match fault {
        Some(Fault::TruncatedResponse) => Manner::Half,
        Some(Fault::Closed { .. }) => Manner::Cut,
        Some(Fault::Reset { .. }) => Manner::Reset,
        Some(Fault::SlowResponse { interval }) => Manner::Drip(*interval),
        _ => Manner::Honest,
    }
}

async fn pause(fault: Option<&Fault>) {
    match fault {
        Some(Fault::Delayed { by }) => tokio::time::sleep(*by).await,
        Some(Fault::NoResponse { .. }) => match std::future::pending::<Infallible>().await {},
        _ => (),
    }
}

/// An answer that never leaves.
fn hang_up_answer() -> Answer {
    Answer::new(http::StatusCode::SERVICE_UNAVAILABLE, "text/plain", "")
}

fn hang_up(wire: &Wire) -> Response<Full<Bytes>> {
    wire.prepare(Manner::Cut, || ());
    response(hang_up_answer())
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    response.headers_mut().extend(answer.headers);
    response
}
