//! The request of all measurements (a root span, four children with four attributes, one access
//! line), in the programs that this binary runs as one of the processes under test.

#[path = "../../../../benches/shared/observed.rs"]
mod observed;
#[path = "../../../../benches/shared/work.rs"]
mod request;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crudder_recorder::doorbell_path;
use crudder_telemetry::{ACCESS, End, RuntimeLayer};
use lambda_http::{Error, Request, RequestExt, run, service_fn};
use observed::{Destinations, Observed, invocation};
use tower::util::MapResultLayer;

use crate::http::Connection;

pub(crate) const SPANS: u64 = 5;

/// Makes four child spans and the line; returns the response body.
async fn work() -> &'static str {
    request::work(SPANS as usize - 1).await;
    "[]"
}

/// A function that does the work without telemetry.
pub(crate) fn bare_function() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(|_: Request| async { Ok::<_, Error>(work().await) })))
}

/// The same function under telemetry.
pub(crate) fn observed_function() -> Result<(), Error> {
    let telemetry: &'static _ = Box::leak(Box::new(crudder_telemetry::start()?));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = move |request: Request| async move {
        let id = request.lambda_context_ref().map_or("", |context| &context.request_id);
        Ok::<_, Error>(telemetry.observe(invocation(id), work(), |_| End::http(200)).await)
    };
    runtime.block_on(lambda_http::runtime(service_fn(handler)).layer(RuntimeLayer).run())
}

/// The bare function that makes Crudder's three writes by hand after the response, of Crudder's
/// sizes: a line, a datagram for X-Ray and a wake-up. Each wakes a reader in another process, which
/// is most of its cost.
pub(crate) fn writing_function(daemon: &str, ring: &str) -> Result<(), Error> {
    let (udp, doorbell) = (std::net::UdpSocket::bind("127.0.0.1:0")?, UnixDatagram::unbound()?);
    udp.connect(daemon)?;
    doorbell.connect(doorbell_path(Path::new(ring)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = service_fn(|_: Request| async { Ok::<_, Error>(work().await) });
    let writers = std::sync::Arc::new((udp, doorbell));
    let writes = MapResultLayer::new(move |answer: Result<(), Error>| {
        // A missing reader is no error.
        let _ = std::io::stdout().lock().write_all(&LINE);
        let _ = writers.0.send(&DATAGRAM);
        let _ = writers.1.send(b"!");
        answer
    });
    runtime.block_on(lambda_http::runtime(handler).layer(writes).run())
}

/// The sizes of what Crudder writes for the request of `work`, to a hundred bytes.
const LINE: [u8; 600] = [b'\n'; 600];
const DATAGRAM: [u8; 2_600] = [b' '; 2_600];

/// A minimal extension, with a doorbell beside the ring.
pub(crate) fn register_only(address: &str, ring: &str) -> std::io::Result<()> {
    if let Ok(doorbell) = UnixDatagram::bind(doorbell_path(Path::new(ring))) {
        std::thread::spawn(move || while doorbell.recv(&mut [0]).is_ok() {});
    }
    let mut connection = Connection::new(TcpStream::connect(address)?)?;
    let head =
        format!("POST /2020-01-01/extension/register HTTP/1.1\r\nHost: {address}\r\nLambda-Extension-Name: least");
    connection.write(&head, r#"{"events":["INVOKE","SHUTDOWN"]}"#)?;
    connection.read()?;
    let next = format!(
        "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: {address}\r\nLambda-Extension-Identifier: bench"
    );
    loop {
        connection.write(&next, "")?;
        if connection.read()?.is_none() {
            return Ok(());
        }
    }
}

/// A function inside this process, for measurements without a function process.
pub(crate) struct Inner(Observed);

impl Inner {
    pub(crate) fn writing_to(ring: &Path, bytes: u64) -> std::io::Result<Self> {
        let (mut read, write) = std::io::pipe()?;
        std::thread::spawn(move || while matches!(read.read(&mut [0; 1 << 16]), Ok(1..)) {});
        let destinations = Destinations { has_lines: true, daemon: None, ring: Some((ring, bytes)) };
        Ok(Self(Observed::new(&destinations, write.as_fd())?))
    }

    /// Serves one request of `spans` spans, including the root.
    pub(crate) fn serve(&self, id: &str, spans: u64) {
        self.0.serve(id, spans as usize - 1);
    }
}
