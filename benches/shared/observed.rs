//! The benchmark's request under telemetry, in the benchmark's own process. Nothing in it waits, so it
//! needs no async runtime.

use std::future::Future;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crudder_telemetry::{Config, End, HttpRequest, Invocation, Telemetry, Trigger};
use tracing::{Dispatch, dispatcher};

use super::request::work;

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// The destinations of telemetry. A missing one is disabled.
#[derive(Default)]
pub(crate) struct Destinations<'a> {
    pub(crate) has_lines: bool,
    pub(crate) daemon: Option<&'a str>,
    /// The file of a ring and its size in bytes.
    pub(crate) ring: Option<(&'a Path, u64)>,
}

/// The telemetry of a function, without the function.
pub(crate) struct Observed {
    telemetry: Telemetry,
    dispatch: Dispatch,
}

impl Observed {
    /// Log lines go to `output`.
    pub(crate) fn new(destinations: &Destinations<'_>, output: BorrowedFd<'_>) -> std::io::Result<Self> {
        let (ring, bytes) = destinations.ring.unwrap_or((Path::new("/proc/nowhere/ring"), 1 << 20));
        let config = Config::read(|name| match name {
            "AWS_LAMBDA_LOG_LEVEL" => Some(if destinations.has_lines { "INFO" } else { "FATAL" }.to_owned()),
            "AWS_XRAY_DAEMON_ADDRESS" => destinations.daemon.map(str::to_owned),
            "CRUDDER_RECORDER" => Some(ring.display().to_string()),
            "CRUDDER_RECORDER_BYTES" => Some(bytes.to_string()),
            _ => None,
        });
        let (telemetry, dispatch) =
            Telemetry::builder().service_name("crudder").scoped(config.map_err(std::io::Error::other)?, output)?;
        Ok(Self { telemetry, dispatch })
    }

    /// Serves one request: a root span, `children` child spans, one access line.
    pub(crate) fn serve(&self, id: &str, children: usize) {
        self.run(invocation(id), work(children), 200);
    }

    /// Serves a request with any work.
    pub(crate) fn run(&self, invocation: Invocation<'_>, work: impl Future<Output = ()>, status: u16) {
        dispatcher::with_default(&self.dispatch, || {
            ready(self.telemetry.observe(invocation, work, |()| End::http(status)));
        });
    }
}

/// A request from API Gateway that X-Ray samples.
pub(crate) fn invocation(id: &str) -> Invocation<'_> {
    let http = HttpRequest::new("GET", "/api/activities/home", "/api/activities/home")
        .with_client_address(Some("203.0.113.7"))
        .with_user_agent(Some("curl/8.5.0"))
        .with_server_address(Some("api.example.test"));
    Invocation::new(id, Trigger::Http(http)).with_trace_header(Some(HEADER))
}

/// Runs a future that never waits.
pub(crate) fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
