//! The X-Ray segments that AWS itself sends for a request.

use crudder_fakes::{Segment, TraceId};
use crudder_testing::TIMEOUT;

use crate::support::TestApi;

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// Waits for the segment of the stage, which is the last one, and returns the tree of the trace.
async fn tree(api: &TestApi) -> Vec<Segment> {
    let id: TraceId = ROOT.parse().unwrap();
    let complete = |tree: Vec<Segment>| tree.iter().any(|segment| segment.name == "crudder/local").then_some(tree);
    api.xray.wait_for(TIMEOUT, |store| complete(store.tree(id))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lambdas_segment_is_a_child_of_the_stages_and_the_parent_of_the_functions() {
    let api = TestApi::start().await;
    let sent = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1");
    let response = api.request("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &sent)], b"").await;
    let tree = tree(&api).await;
    let [stage] = tree.as_slice() else { panic!("one root: {tree:?}") };
    let [lambda] = stage.children.as_slice() else { panic!("one invocation: {stage:?}") };
    assert_eq!((stage.name.as_str(), stage.parent_id.as_deref()), ("crudder/local", Some("53995c3f42cd8ad8")));
    assert_eq!((lambda.name.as_str(), lambda.fault), ("echo", false));
    let header = response.json()["trace"].as_str().unwrap().to_owned();
    assert!(header.contains(&format!("Parent={}", lambda.id)), "{header} and {lambda:?}");
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_invocation_is_a_fault_of_both_segments() {
    let api = TestApi::start().await;
    api.request("GET", "/api/things/1?do=exit", &[("X-Amzn-Trace-Id", &format!("Root={ROOT}"))], b"").await;
    let tree = tree(&api).await;
    assert!(tree[0].fault && tree[0].children[0].fault, "{tree:?}");
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_error_is_an_error_of_the_stage_only() {
    let api = TestApi::start().await;
    api.request("GET", "/nope", &[("X-Amzn-Trace-Id", &format!("Root={ROOT}"))], b"").await;
    let tree = tree(&api).await;
    assert!(tree[0].error && !tree[0].fault && tree[0].children.is_empty(), "{tree:?}");
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsampled_request_sends_no_segment() {
    let api = TestApi::start().await;
    api.request("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &format!("Root={ROOT};Sampled=0"))], b"").await;
    // Datagrams of one socket arrive in order. After the next one, an earlier one would be there.
    let other = "1-5759e988-000000000000000000000001";
    api.request("GET", "/nope", &[("X-Amzn-Trace-Id", &format!("Root={other}"))], b"").await;
    let id: TraceId = other.parse().unwrap();
    api.xray.wait_for(TIMEOUT, |store| (!store.tree(id).is_empty()).then_some(())).await.unwrap();
    let id: TraceId = ROOT.parse().unwrap();
    assert_eq!(api.xray.with_store(|store| store.documents_of(id).len()), 0);
    api.close().await;
}
