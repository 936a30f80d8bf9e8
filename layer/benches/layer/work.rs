//! The request that everything is measured with: a root span, four children with four attributes, one access line; and the programs that
//! this binary becomes when it is started as one of the processes under test.

#[path = "../../../benches/shared/work.rs"]
mod request;

use std::io::Read;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crudder_telemetry::{ACCESS, Config, End, HttpRequest, Invocation, Telemetry, Trigger};
use lambda_http::{Error, Request, RequestExt, run, service_fn};
use tracing::Dispatch;

use crate::http::Connection;

pub(crate) const SPANS: u64 = 5;
const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// Four child spans and the line; the answer's body.
async fn work() -> &'static str {
    request::work(SPANS as usize - 1).await;
    "[]"
}

fn invocation(id: &str) -> Invocation<'_> {
    let http = HttpRequest {
        method: "GET",
        route: "/api/activities/home",
        path: "/api/activities/home",
        scheme: "https",
        client_address: Some("203.0.113.7"),
        user_agent: Some("curl/8.5.0"),
        server_address: Some("api.example.test"),
        ..HttpRequest::default()
    };
    Invocation::new(id, Trigger::Http(http)).with_trace_header(Some(HEADER))
}

/// A function that does the work and tells nobody.
pub(crate) fn bare_function() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(|_: Request| async { Ok::<_, Error>(work().await) })))
}

/// The same function under telemetry.
pub(crate) fn observed_function() -> Result<(), Error> {
    let telemetry = &crudder_telemetry::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(|request: Request| async move {
        let id = request.lambda_context_ref().map_or("", |context| &context.request_id);
        Ok::<_, Error>(telemetry.observe(invocation(id), work(), |_| End::http(200)).await)
    })))
}

/// The least that an extension can be.
pub(crate) fn register_only(address: &str) -> std::io::Result<()> {
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

/// A function inside of this process, for what is measured without one.
pub(crate) struct Inner {
    telemetry: Telemetry,
    dispatch: Dispatch,
}

impl Inner {
    pub(crate) fn writing_to(ring: &Path, bytes: u64) -> std::io::Result<Self> {
        let config = Config::read(|name| match name {
            "CRUDDER_RECORDER" => Some(ring.display().to_string()),
            "CRUDDER_RECORDER_BYTES" => Some(bytes.to_string()),
            _ => None,
        });
        let (mut read, write) = std::io::pipe()?;
        std::thread::spawn(move || while matches!(read.read(&mut [0; 1 << 16]), Ok(1..)) {});
        let (telemetry, dispatch) = Telemetry::scoped(config.map_err(std::io::Error::other)?, write.as_fd())?;
        Ok(Self { telemetry, dispatch })
    }

    pub(crate) fn serve(&self, id: &str) {
        tracing::dispatcher::with_default(&self.dispatch, || {
            let observed = pin!(self.telemetry.observe(invocation(id), work(), |_| End::http(200)));
            match observed.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(_) => (),
                Poll::Pending => unreachable!("nothing here waits"),
            }
        });
    }
}
