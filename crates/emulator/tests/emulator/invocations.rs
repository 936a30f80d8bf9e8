//! Invocations: the function gets the event, and the caller gets the response.

use crudder_emulator::{FailureKind, Invocation, InvokeError, Outcome, PAYLOAD_LIMIT, RESPONSE_LIMIT};
use crudder_testing::wait::within_timeout;

use crate::support::{FUNCTION, FixtureConfig, start_fixture};

#[tokio::test]
async fn the_first_invocation_is_a_cold_start_and_the_next_uses_the_same_environment() {
    let fixture = start_fixture();
    let first = fixture.invoke("{}").await;
    let second = fixture.invoke("{}").await;
    assert!(first.info().cold_start);
    assert!(!second.info().cold_start);
    assert_eq!(first.info().environment, second.info().environment);
    assert_ne!(first.info().request_id, second.info().request_id);
    fixture.shutdown().await;
}

#[tokio::test]
async fn the_function_gets_the_event_and_the_headers_of_the_runtime_api() {
    let fixture = start_fixture();
    let upstream = "Root=1-6a01b2c3-00112233445566778899aabb;Parent=aaaabbbbccccdddd;Sampled=1";
    let invocation = Invocation::new(r#"{"hello":"world"}"#).with_trace_header(upstream);
    let outcome = within_timeout("the outcome", fixture.emulator.invoke(FUNCTION, invocation))
        .await
        .expect("an accepted invocation");
    let response: serde_json::Value = serde_json::from_slice(outcome.payload()).expect("JSON");
    let info = outcome.info();
    assert_eq!(response["event"]["hello"], "world");
    let header = |name: &str| response["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(header("lambda-runtime-aws-request-id"), info.request_id);
    assert_eq!(
        header("lambda-runtime-invoked-function-arn"),
        "arn:aws:lambda:ca-central-1:111122223333:function:test-function"
    );
    let expected = format!("Root=1-6a01b2c3-00112233445566778899aabb;Parent={};Sampled=1", info.segment_id);
    assert_eq!(header("lambda-runtime-trace-id"), expected);
    assert_eq!(info.trace_header, expected);
    let deadline: u128 = header("lambda-runtime-deadline-ms").parse().expect("a number");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    assert!(deadline > now && deadline <= now + 30_000, "deadline {deadline}, now {now}");
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_error_of_the_handler_reaches_the_caller_and_the_process_lives_on() {
    let fixture = start_fixture();
    let before = fixture.response("{}").await;
    let Outcome::Failed { error_type, message, kind, payload, .. } = fixture.invoke(r#"{"do":"fail"}"#).await else {
        panic!("it must fail")
    };
    assert_eq!((error_type.as_str(), message.as_str(), kind), ("Handler", "it went wrong", FailureKind::Handler));
    assert_eq!(payload, r#"{"errorType":"Handler","errorMessage":"it went wrong"}"#);
    let after = fixture.response("{}").await;
    assert_eq!(before["pid"], after["pid"]);
    fixture.shutdown().await;
}

#[tokio::test]
async fn twenty_concurrent_requests_get_twenty_environments() {
    let fixture = start_fixture();
    let requests = (0..20).map(|_| fixture.invoke(r#"{"do":"sleep","ms":300}"#));
    let outcomes = futures::future::join_all(requests).await;
    let environments: std::collections::BTreeSet<_> =
        outcomes.iter().map(|outcome| outcome.info().environment.clone()).collect();
    assert_eq!(environments.len(), 20);
    fixture.shutdown().await;
}

#[tokio::test]
async fn beyond_the_limit_of_environments_a_request_is_throttled() {
    let fixture =
        FixtureConfig { configure: |config| config.environments_per_function = 1, ..FixtureConfig::default() }.start();
    let (busy, second) = tokio::join!(fixture.invoke(r#"{"do":"sleep","ms":300}"#), async {
        fixture.emulator.invoke(FUNCTION, Invocation::new("{}")).await
    });
    assert!(matches!(busy, Outcome::Succeeded { .. }));
    assert_eq!(second, Err(InvokeError::Throttled(1)));
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_unknown_function_and_a_too_large_event_are_refused() {
    let fixture = start_fixture();
    let unknown = fixture.emulator.invoke("unknown", Invocation::new("{}")).await;
    assert_eq!(unknown, Err(InvokeError::UnknownFunction("unknown".to_owned())));
    let large = fixture.emulator.invoke(FUNCTION, Invocation::new(vec![b'1'; PAYLOAD_LIMIT + 1])).await;
    assert_eq!(large, Err(InvokeError::PayloadTooLarge(PAYLOAD_LIMIT + 1)));
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_response_of_the_maximum_size_arrives_whole() {
    let fixture = start_fixture();
    let outcome = fixture.invoke(&format!(r#"{{"do":"large","bytes":{RESPONSE_LIMIT}}}"#)).await;
    let Outcome::Succeeded { payload, .. } = outcome else { panic!("it must succeed") };
    assert_eq!(payload.len(), RESPONSE_LIMIT);
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_too_large_response_is_refused_with_413_and_fails_the_invocation() {
    let mut fixture = start_fixture();
    let bytes = RESPONSE_LIMIT + 1;
    let outcome = fixture.invoke(&format!(r#"{{"do":"large","bytes":{bytes}}}"#)).await;
    let Outcome::Failed { error_type, message, kind, .. } = outcome else { panic!("it must fail") };
    assert_eq!((error_type.as_str(), kind), ("Function.ResponseSizeTooLarge", FailureKind::TooLarge));
    assert_eq!(message, "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).");
    let line = fixture.wait_for_line("posted").await.line;
    assert!(line.contains("413") && line.contains("RequestEntityTooLarge"), "{line}");
    fixture.response("{}").await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_response_for_another_request_is_refused() {
    let fixture = start_fixture();
    let event = r#"{"do":"call","method":"POST","path":"/2018-06-01/runtime/invocation/nonsense/response","body":"1"}"#;
    let response = fixture.response(event).await;
    assert_eq!(response["status"], 400);
    assert_eq!(response["body"]["errorType"], "InvalidRequestID");
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_runtime_that_calls_next_before_its_response_gets_the_same_event() {
    let fixture = start_fixture();
    let event = r#"{"do":"call","method":"GET","path":"/2018-06-01/runtime/invocation/next"}"#;
    let response = fixture.response(event).await;
    assert_eq!(response["status"], 200);
    assert_eq!(response["body"], serde_json::from_str::<serde_json::Value>(event).expect("JSON"));
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_init_error_during_an_invocation_is_refused() {
    let fixture = start_fixture();
    let event = r#"{"do":"call","method":"POST","path":"/2018-06-01/runtime/init/error","body":"{}"}"#;
    let response = fixture.response(event).await;
    assert_eq!(
        (response["status"].as_u64(), &response["body"]["errorType"]),
        (Some(403), &"InvalidStateTransition".into())
    );
    let message =
        "State transition from Running to InitError failed for runtime. Error: State transition is not allowed";
    assert_eq!(response["body"]["errorMessage"], message);
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_caller_that_stops_waiting_does_not_affect_the_environment() {
    let mut fixture = start_fixture();
    let before = fixture.response("{}").await;
    let invocation = fixture.emulator.invoke(FUNCTION, Invocation::new(r#"{"do":"sleep","ms":2000}"#));
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(100), invocation).await;
    assert!(dropped.is_err(), "the caller must stop first");
    fixture.clear_events();
    fixture.wait_until_frozen().await;
    let after = fixture.response("{}").await;
    assert_eq!(before["pid"], after["pid"]);
    assert_eq!(after["count"], 3);
    fixture.shutdown().await;
}
