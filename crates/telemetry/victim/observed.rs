//! Observes one invocation and does what its argument says: what the tests look at from outside.

use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Waker};

use crudder_telemetry::{End, Failure, HttpRequest, Invocation, Trigger};

fn main() -> ExitCode {
    let telemetry = match crudder_telemetry::start() {
        Ok(telemetry) => telemetry,
        Err(error) => panic!("{error}"),
    };
    let deed = std::env::args().nth(1).unwrap_or_default();
    let http =
        HttpRequest { method: "GET", route: "/{deed}", path: "/panic", scheme: "https", ..HttpRequest::default() };
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let invocation = Invocation::new("8f7c2e1a", Trigger::Http(http)).with_trace_header(Some(header));
    let observed = pin!(telemetry.observe(invocation, work(&deed), end));
    // Nothing here waits, so one poll is all that it takes.
    match observed.poll(&mut Context::from_waker(Waker::noop())).is_ready() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

async fn work(deed: &str) -> Result<(), std::num::ParseIntError> {
    step(deed).await
}

#[tracing::instrument(skip_all)]
async fn step(deed: &str) -> Result<(), std::num::ParseIntError> {
    tracing::info!(deed, "working");
    match deed {
        "panic" => innermost(),
        "said" => {
            tracing::error!("an error that is said");
            Ok(())
        }
        "abort" => std::process::abort(),
        "error" => "x".parse::<i32>().map(|_| ()),
        _ => Ok(()),
    }
}

fn innermost() -> ! {
    panic!("a panic on purpose, for andrew@exampro.co");
}

fn end(done: &Result<(), std::num::ParseIntError>) -> End {
    match done {
        Ok(()) => End::http(200),
        Err(error) => End::http(500).because(Failure::new("ParseIntError", error)),
    }
}
