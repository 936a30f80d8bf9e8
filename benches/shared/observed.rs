//! The same request under Crudder's telemetry, inside of a benchmark's own process: nothing of it waits, so it needs no runtime.

use std::future::Future;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crudder_telemetry::{Config, End, HttpRequest, Invocation, Telemetry, Trigger};
use tracing::{Dispatch, dispatcher};

use super::request::work;

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What telemetry is set up with; a plane that is not named is off.
#[derive(Default)]
pub(crate) struct Planes<'a> {
    pub(crate) has_lines: bool,
    pub(crate) daemon: Option<&'a str>,
    /// A ring, and the bytes to make it of.
    pub(crate) ring: Option<(&'a Path, u64)>,
}

/// A function's telemetry without a function.
pub(crate) struct Observed {
    telemetry: Telemetry,
    dispatch: Dispatch,
}

impl Observed {
    /// Lines go to `output`.
    pub(crate) fn new(planes: &Planes<'_>, output: BorrowedFd<'_>) -> std::io::Result<Self> {
        let (ring, bytes) = planes.ring.unwrap_or((Path::new("/proc/nowhere/ring"), 1 << 20));
        let config = Config::read(|name| match name {
            "AWS_LAMBDA_LOG_LEVEL" => Some(if planes.has_lines { "INFO" } else { "FATAL" }.to_owned()),
            "AWS_XRAY_DAEMON_ADDRESS" => planes.daemon.map(str::to_owned),
            "CRUDDER_RECORDER" => Some(ring.display().to_string()),
            "CRUDDER_RECORDER_BYTES" => Some(bytes.to_string()),
            _ => None,
        });
        let (telemetry, dispatch) = Telemetry::scoped(config.map_err(std::io::Error::other)?, output)?;
        Ok(Self { telemetry, dispatch })
    }

    /// One request: a root span, so many children, one access line.
    pub(crate) fn serve(&self, id: &str, children: usize) {
        self.run(invocation(id), work(children), 200);
    }

    /// Any work as a request.
    pub(crate) fn run(&self, invocation: Invocation<'_>, work: impl Future<Output = ()>, status: u16) {
        dispatcher::with_default(&self.dispatch, || {
            ready(self.telemetry.observe(invocation, work, |()| End::http(status)));
        });
    }
}

/// What API Gateway asked, sampled by X-Ray.
pub(crate) fn invocation(id: &str) -> Invocation<'_> {
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

pub(crate) fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
