//! The work that follows the response, in a function's own async runtime.

use std::future::Future;
use std::task::{Context, Waker};

use crudder_recorder::Kind;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot::{self, Receiver};
use tower::{Layer, ServiceExt, service_fn};
use tracing::info;

use super::{Bench, HEADER, home};
use crate::{ACCESS, End, Invocation, RuntimeLayer, Telemetry, Trigger};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

async fn request(telemetry: &Telemetry) {
    let work = async {
        info!("during");
        info!(target: ACCESS, "the access line");
    };
    telemetry.observe(home(), work, |()| End::http(200)).await;
}

/// Yields twice, so that the runtime has nothing else to do.
async fn pause() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

#[test]
fn a_response_waits_for_no_line_no_datagram_and_no_wake_up() {
    let bench = Bench::new(&[]);
    let mut early = Bench::new(&[]);
    // As if killed at that moment: the runtime never runs again, and nothing is dropped.
    let runtime = runtime();
    early.run(|telemetry| runtime.block_on(request(telemetry)));
    let records = early.records();
    assert!(!records.contains(&Kind::DatagramSent) && !records.contains(&Kind::InvocationEnded), "{records:?}");
    assert_eq!(records.iter().filter(|kind| **kind == Kind::SpanEnded).count(), 1, "the spans are safe: {records:?}");
    std::mem::forget(runtime);
    // A runtime that continues does the rest at once.
    bench.run(|telemetry| {
        self::runtime().block_on(async {
            request(telemetry).await;
            pause().await;
        });
    });
    let received = bench.received();
    assert_eq!(received.kinds()[received.kinds().len() - 2..], [Kind::DatagramSent, Kind::InvocationEnded]);
    assert_eq!(
        received.lines.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>(),
        ["during", "the access line"]
    );
    assert_eq!(received.documents.len(), 1);
}

#[test]
fn under_the_runtime_layer_the_work_waits_until_lambda_has_taken_the_response() {
    let mut bench = Bench::new(&[]);
    let telemetry = bench.telemetry.clone();
    let (take, taken) = oneshot::channel();
    // As the runtime does: it runs the handler, then waits until Lambda has taken the response.
    let serve = |taken: Receiver<()>| async {
        request(&telemetry).await;
        taken.await
    };
    let mut invocation = Box::pin(RuntimeLayer.layer(service_fn(serve)).oneshot(taken));
    let mut poll = || invocation.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let runtime = runtime();
    assert!(bench.run(|_| runtime.block_on(async { poll().is_pending() })));
    let records = bench.records();
    assert_eq!(records.last(), Some(&Kind::SpanEnded), "{records:?}");
    take.send(()).unwrap();
    assert!(bench.run(|_| poll().is_ready()));
    assert_eq!(bench.records(), [Kind::DatagramSent, Kind::InvocationEnded]);
    drop(invocation);
    drop(telemetry);
    assert_eq!(bench.received().lines.len(), 2);
}

#[test]
fn a_runtime_that_ends_before_the_deferred_work_still_does_it() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| runtime().block_on(request(telemetry)));
    let received = bench.received();
    assert_eq!((received.lines.len(), received.documents.len()), (2, 1));
    assert_eq!(received.kinds().last(), Some(&Kind::InvocationEnded));
}

#[test]
fn consecutive_requests_stay_apart_and_in_order() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        runtime().block_on(async {
            for id in ["first", "second", "third"] {
                let invocation = Invocation::new(id, Trigger::Other("work")).with_trace_header(Some(HEADER));
                let work = async { info!(target: ACCESS, "{id}") };
                telemetry.observe(invocation, work, |()| End::ok()).await;
                pause().await;
            }
        });
    });
    let received = bench.received();
    let ids: Vec<_> = received.lines.iter().map(|line| line["requestId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["first", "second", "third"]);
    assert_eq!(received.documents.len(), 3);
    assert_eq!(received.kinds().iter().filter(|kind| **kind == Kind::InvocationEnded).count(), 3);
}

#[test]
fn a_second_access_line_of_a_request_is_printed_at_once() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let work = async { ["one", "two"].map(|text| info!(target: ACCESS, "{text}")) };
        runtime().block_on(telemetry.observe(home(), work, |_| End::http(200)));
    });
    assert_eq!(bench.received().lines.len(), 2);
}
