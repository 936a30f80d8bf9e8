//! What becomes of a function's answer, and of a function that gives none.

use std::time::Duration;

use crudder_emulator::EmulatorEvent;
use crudder_local::Limits;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::support::{Answer, TEMPLATE, TestApi, house};

/// The stub's answer, as told.
async fn told(house: &TestApi, answer: &Value, headers: &[(&str, &str)]) -> Answer {
    let answer = utf8_percent_encode(&answer.to_string(), NON_ALPHANUMERIC).to_string();
    house.ask("GET", &format!("/api/things/1?do=answer&answer={answer}"), headers, b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_out_as_the_function_gave_it() {
    let house = house().await;
    let given = json!({
        "statusCode": 422, "body": "[\"message_blank\"]", "headers": {"X-One": "1"}, "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
    });
    let answer = told(&house, &given, &[]).await;
    assert_eq!((answer.status, answer.text()), (422, r#"["message_blank"]"#));
    let cookies: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
    assert_eq!(cookies, ["a", "b"]);
    assert_eq!((answer.header("x-one"), answer.header("content-type")), (Some("1"), Some("application/json")));
    assert!(answer.header("x-amzn-trace-id").is_some());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_comes_out_as_bytes_only_for_whom_it_is_listed() {
    let house = house().await;
    let given = json!({"statusCode": 200, "body": "//4=", "isBase64Encoded": true});
    assert_eq!(told(&house, &given, &[("Accept", "image/png,*/*")]).await.body, b"\xff\xfe");
    assert_eq!(told(&house, &given, &[("Accept", "*/*")]).await.body, b"//4=");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_proxy_answer_is_a_502() {
    let house = house().await;
    for given in [json!("hello"), json!({"message": "hello"}), json!({"statusCode": 200, "body": {}}), json!(null)] {
        assert_eq!(told(&house, &given, &[]).await.refusal(), (502, r#"["generic_500"]"#), "{given}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_is_a_502() {
    let house = house().await;
    assert_eq!(house.get("/api/things/1?do=fail").await.refusal(), (502, r#"["generic_500"]"#));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_is_a_502_and_the_next_request_has_a_new_process() {
    let house = house().await;
    let first = house.get("/api/things/1").await.json()["pid"].clone();
    assert_eq!(house.get("/api/things/1?do=exit").await.refusal(), (502, r#"["generic_500"]"#));
    let next = house.get("/api/things/1").await;
    assert_eq!(next.status, 200);
    assert_ne!(next.json()["pid"], first);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_larger_than_lambda_gives_is_a_502() {
    let house = house().await;
    assert_eq!(house.get("/api/things/1?do=large").await.refusal(), (502, r#"["generic_500"]"#));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_passes_its_timeout_is_a_504() {
    let house = house().await;
    assert_eq!(house.get("/api/brief?do=hang").await.refusal(), (504, r#"["generic_504"]"#));
    assert_eq!(house.get("/api/brief").await.status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_passes_the_gateways_time_is_a_504() {
    let limits = Limits { integration_timeout: Duration::from_millis(300), ..Limits::default() };
    let house = TestApi::open(TEMPLATE, limits, |_| ()).await;
    assert_eq!(house.get("/api/things/1?do=hang").await.refusal(), (504, r#"["generic_504"]"#));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_than_the_stage_runs_at_once_is_a_429() {
    let house = TestApi::open(TEMPLATE, Limits::default(), |config| config.environments_per_function = 1).await;
    let mut events = house.emulator.subscribe();
    let busy = async { house.get("/api/brief?do=hang").await };
    let second = async {
        while !matches!(events.next().await, Some(EmulatorEvent::InvocationStarted { .. })) {}
        house.get("/api/brief").await
    };
    let (first, second) = tokio::join!(busy, second);
    assert_eq!(second.refusal(), (429, r#"["too_many_requests"]"#));
    assert_eq!(first.status, 504);
    house.close().await;
}
