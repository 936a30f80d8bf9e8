//! The segments that AWS itself sends of a request, so that a trace has its root.

use std::time::Duration;

use crudder_fakes::{Segment, TraceId};

use crate::support::{TestApi, house};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// A datagram on one machine arrives at once; a busy machine may take a while to look.
const PATIENCE: Duration = Duration::from_secs(30);

/// The trace's tree, as soon as the stage's segment is in it: it is the last one sent.
async fn tree(house: &TestApi) -> Vec<Segment> {
    let id: TraceId = ROOT.parse().unwrap();
    let whole = |tree: Vec<Segment>| tree.iter().any(|segment| segment.name == "crudder/local").then_some(tree);
    house.xray.wait_for(PATIENCE, |store| whole(store.tree(id))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lambdas_segment_hangs_under_the_stages_and_the_function_under_lambdas() {
    let house = house().await;
    let sent = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1");
    let answer = house.ask("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &sent)], b"").await;
    let tree = tree(&house).await;
    let [stage] = tree.as_slice() else { panic!("one root: {tree:?}") };
    let [lambda] = stage.children.as_slice() else { panic!("one invocation: {stage:?}") };
    assert_eq!((stage.name.as_str(), stage.parent_id.as_deref()), ("crudder/local", Some("53995c3f42cd8ad8")));
    assert_eq!((lambda.name.as_str(), lambda.fault), ("echo", false));
    let seen = answer.json()["trace"].as_str().unwrap().to_owned();
    assert!(seen.contains(&format!("Parent={}", lambda.id)), "{seen} and {lambda:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_a_fault_of_both() {
    let house = house().await;
    house.ask("GET", "/api/things/1?do=exit", &[("X-Amzn-Trace-Id", &format!("Root={ROOT}"))], b"").await;
    let tree = tree(&house).await;
    assert!(tree[0].fault && tree[0].children[0].fault, "{tree:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_an_error_of_the_stage_alone() {
    let house = house().await;
    house.ask("GET", "/nope", &[("X-Amzn-Trace-Id", &format!("Root={ROOT}"))], b"").await;
    let tree = tree(&house).await;
    assert!(tree[0].error && !tree[0].fault && tree[0].children.is_empty(), "{tree:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsampled_request_sends_nothing() {
    let house = house().await;
    house.ask("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &format!("Root={ROOT};Sampled=0"))], b"").await;
    // Datagrams of one socket arrive in order, so what would have come has come when the next one is there.
    let other = "1-5759e988-000000000000000000000001";
    house.ask("GET", "/nope", &[("X-Amzn-Trace-Id", &format!("Root={other}"))], b"").await;
    let id: TraceId = other.parse().unwrap();
    house.xray.wait_for(PATIENCE, |store| (!store.tree(id).is_empty()).then_some(())).await.unwrap();
    let id: TraceId = ROOT.parse().unwrap();
    assert_eq!(house.xray.with_store(|store| store.documents_of(id).len()), 0);
    house.close().await;
}
