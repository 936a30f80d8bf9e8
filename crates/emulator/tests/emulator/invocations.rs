//! A request comes in, a real process serves it, and its answer goes out.

use crudder_emulator::{FailureKind, Invocation, InvokeError, Outcome, PAYLOAD_LIMIT, RESPONSE_LIMIT};

use crate::support::{FUNCTION, Recipe, plain, soon};

#[tokio::test]
async fn the_first_invocation_is_cold_and_the_next_is_served_by_the_same_process() {
    let emulator = plain();
    let first = emulator.invoke("{}").await;
    let second = emulator.invoke("{}").await;
    assert!(first.info().cold_start);
    assert!(!second.info().cold_start);
    assert_eq!(first.info().environment, second.info().environment);
    assert_ne!(first.info().request_id, second.info().request_id);
    emulator.close().await;
}

#[tokio::test]
async fn the_function_gets_the_event_and_the_headers_of_the_runtime_api() {
    let emulator = plain();
    let upstream = "Root=1-6a01b2c3-00112233445566778899aabb;Parent=aaaabbbbccccdddd;Sampled=1";
    let invocation = Invocation::new(r#"{"hello":"world"}"#).with_trace_header(upstream);
    let outcome = soon(emulator.emulator.invoke(FUNCTION, invocation)).await.expect("a taken invocation");
    let answer: serde_json::Value = serde_json::from_slice(outcome.payload()).expect("JSON");
    let info = outcome.info();
    assert_eq!(answer["event"]["hello"], "world");
    let header = |name: &str| answer["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(header("lambda-runtime-aws-request-id"), info.request_id);
    assert_eq!(
        header("lambda-runtime-invoked-function-arn"),
        "arn:aws:lambda:ca-central-1:111122223333:function:guest"
    );
    let expected = format!("Root=1-6a01b2c3-00112233445566778899aabb;Parent={};Sampled=1", info.segment_id);
    assert_eq!(header("lambda-runtime-trace-id"), expected);
    assert_eq!(info.trace_header, expected);
    let deadline: u128 = header("lambda-runtime-deadline-ms").parse().expect("a number");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    assert!(deadline > now && deadline <= now + 30_000, "deadline {deadline}, now {now}");
    emulator.close().await;
}

#[tokio::test]
async fn an_error_of_the_handler_is_passed_on_and_the_process_lives() {
    let emulator = plain();
    let before = emulator.answer("{}").await;
    let Outcome::Failed { error_type, message, kind, payload, .. } = emulator.invoke(r#"{"do":"fail"}"#).await else {
        panic!("it must fail")
    };
    assert_eq!((error_type.as_str(), message.as_str(), kind), ("Handler", "it went wrong", FailureKind::Handler));
    assert_eq!(payload, r#"{"errorType":"Handler","errorMessage":"it went wrong"}"#);
    let after = emulator.answer("{}").await;
    assert_eq!(before["pid"], after["pid"]);
    emulator.close().await;
}

#[tokio::test]
async fn twenty_concurrent_requests_get_twenty_environments() {
    let emulator = plain();
    let requests = (0..20).map(|_| emulator.invoke(r#"{"do":"sleep","ms":300}"#));
    let outcomes = futures::future::join_all(requests).await;
    let environments: std::collections::BTreeSet<_> =
        outcomes.iter().map(|outcome| outcome.info().environment.clone()).collect();
    assert_eq!(environments.len(), 20);
    emulator.close().await;
}

#[tokio::test]
async fn beyond_the_limit_of_environments_a_request_is_throttled() {
    let emulator = Recipe { change: |config| config.environments_per_function = 1, ..Recipe::default() }.open();
    let (busy, second) = tokio::join!(emulator.invoke(r#"{"do":"sleep","ms":300}"#), async {
        emulator.emulator.invoke(FUNCTION, Invocation::new("{}")).await
    });
    assert!(matches!(busy, Outcome::Succeeded { .. }));
    assert_eq!(second, Err(InvokeError::Throttled(1)));
    emulator.close().await;
}

#[tokio::test]
async fn an_unknown_function_and_an_event_that_is_too_large_are_refused() {
    let emulator = plain();
    let unknown = emulator.emulator.invoke("nobody", Invocation::new("{}")).await;
    assert_eq!(unknown, Err(InvokeError::UnknownFunction("nobody".to_owned())));
    let large = emulator.emulator.invoke(FUNCTION, Invocation::new(vec![b'1'; PAYLOAD_LIMIT + 1])).await;
    assert_eq!(large, Err(InvokeError::PayloadTooLarge(PAYLOAD_LIMIT + 1)));
    emulator.close().await;
}

#[tokio::test]
async fn an_answer_as_large_as_lambda_takes_arrives_whole() {
    let emulator = plain();
    let outcome = emulator.invoke(&format!(r#"{{"do":"large","bytes":{RESPONSE_LIMIT}}}"#)).await;
    let Outcome::Succeeded { payload, .. } = outcome else { panic!("it must be answered") };
    assert_eq!(payload.len(), RESPONSE_LIMIT);
    emulator.close().await;
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_with_413_and_fails_the_invocation() {
    let mut emulator = plain();
    let bytes = RESPONSE_LIMIT + 1;
    let outcome = emulator.invoke(&format!(r#"{{"do":"large","bytes":{bytes}}}"#)).await;
    let Outcome::Failed { error_type, message, kind, .. } = outcome else { panic!("it must fail") };
    assert_eq!((error_type.as_str(), kind), ("Function.ResponseSizeTooLarge", FailureKind::TooLarge));
    assert_eq!(message, "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).");
    let said = emulator.line("posted").await.line;
    assert!(said.contains("413") && said.contains("RequestEntityTooLarge"), "{said}");
    emulator.answer("{}").await;
    emulator.close().await;
}

#[tokio::test]
async fn an_answer_for_another_request_is_refused() {
    let emulator = plain();
    let event = r#"{"do":"call","method":"POST","path":"/2018-06-01/runtime/invocation/nonsense/response","body":"1"}"#;
    let answer = emulator.answer(event).await;
    assert_eq!(answer["status"], 400);
    assert_eq!(answer["body"]["errorType"], "InvalidRequestID");
    emulator.close().await;
}

#[tokio::test]
async fn a_runtime_that_asks_again_before_it_has_answered_gets_the_same_event() {
    let emulator = plain();
    let event = r#"{"do":"call","method":"GET","path":"/2018-06-01/runtime/invocation/next"}"#;
    let answer = emulator.answer(event).await;
    assert_eq!(answer["status"], 200);
    assert_eq!(answer["body"], serde_json::from_str::<serde_json::Value>(event).expect("JSON"));
    emulator.close().await;
}

#[tokio::test]
async fn an_init_error_while_the_runtime_serves_is_refused() {
    let emulator = plain();
    let event = r#"{"do":"call","method":"POST","path":"/2018-06-01/runtime/init/error","body":"{}"}"#;
    let answer = emulator.answer(event).await;
    assert_eq!(
        (answer["status"].as_u64(), &answer["body"]["errorType"]),
        (Some(403), &"InvalidStateTransition".into())
    );
    let words = "State transition from Running to InitError failed for runtime. Error: State transition is not allowed";
    assert_eq!(answer["body"]["errorMessage"], words);
    emulator.close().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_disturb_the_environment() {
    let mut emulator = plain();
    let before = emulator.answer("{}").await;
    let impatient = emulator.emulator.invoke(FUNCTION, Invocation::new(r#"{"do":"sleep","ms":2000}"#));
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(100), impatient).await;
    assert!(dropped.is_err(), "the caller must have gone first");
    emulator.forget();
    emulator.frozen().await;
    let after = emulator.answer("{}").await;
    assert_eq!(before["pid"], after["pid"]);
    assert_eq!(after["count"], 3);
    emulator.close().await;
}
