//! What waits for the answer to leave, in a function's own runtime.

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
        info!(target: ACCESS, "the answer");
    };
    telemetry.observe(home(), work, |()| End::http(200)).await;
}

/// As long as the runtime takes to have nothing else to do, twice.
async fn pause() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

#[test]
fn an_answer_waits_for_no_line_no_datagram_and_no_bell() {
    let bench = Bench::new(&[]);
    let mut early = Bench::new(&[]);
    // Killed at that moment: the runtime never runs again, and nothing is dropped.
    let runtime = runtime();
    early.run(|telemetry| runtime.block_on(request(telemetry)));
    let records = early.records();
    assert!(!records.contains(&Kind::DatagramSent) && !records.contains(&Kind::InvocationEnded), "{records:?}");
    assert_eq!(records.iter().filter(|kind| **kind == Kind::SpanEnded).count(), 1, "the spans are safe: {records:?}");
    std::mem::forget(runtime);
    // One that goes on tells the rest at once.
    bench.run(|telemetry| {
        self::runtime().block_on(async {
            request(telemetry).await;
            pause().await;
        });
    });
    let told = bench.told();
    assert_eq!(told.kinds()[told.kinds().len() - 2..], [Kind::DatagramSent, Kind::InvocationEnded]);
    assert_eq!(
        told.lines.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>(),
        ["during", "the answer"]
    );
    assert_eq!(told.documents.len(), 1);
}

#[test]
fn where_the_runtime_says_when_an_answer_was_taken_that_is_waited_for() {
    let mut bench = Bench::new(&[]);
    let telemetry = bench.telemetry.clone();
    let (take, taken) = oneshot::channel();
    // As the runtime does: the handler, then the answer's own answer.
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
    assert_eq!(bench.told().lines.len(), 2);
}

#[test]
fn a_runtime_that_ends_before_it_came_to_that_tells_it_all_the_same() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| runtime().block_on(request(telemetry)));
    let told = bench.told();
    assert_eq!((told.lines.len(), told.documents.len()), (2, 1));
    assert_eq!(told.kinds().last(), Some(&Kind::InvocationEnded));
}

#[test]
fn requests_that_follow_each_other_are_told_apart_and_in_order() {
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
    let told = bench.told();
    let ids: Vec<_> = told.lines.iter().map(|line| line["requestId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["first", "second", "third"]);
    assert_eq!(told.documents.len(), 3);
    assert_eq!(told.kinds().iter().filter(|kind| **kind == Kind::InvocationEnded).count(), 3);
}

#[test]
fn a_second_access_line_of_a_request_is_a_line_like_any_other() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let work = async { ["one", "two"].map(|text| info!(target: ACCESS, "{text}")) };
        runtime().block_on(telemetry.observe(home(), work, |_| End::http(200)));
    });
    assert_eq!(bench.told().lines.len(), 2);
}
