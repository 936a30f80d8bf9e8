//! The Telemetry API: subscriptions, the events of a life, and what happens when the subscriber does not answer.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, Faults, Invocation, RuntimeDoneFault, TelemetryFault};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{FUNCTION, Fixture, Recipe};

const SCHEMA: &str = "2022-12-13";

fn subscribed(schema: &str) -> Fixture {
    Recipe::extension("").variable("EXTENSION_SUBSCRIBES", schema).open()
}

/// Requests that keep an environment awake: a frozen extension reads nothing.
struct Stir(JoinHandle<()>);

impl Stir {
    fn begin(emulator: &Fixture) -> Self {
        let emulator = emulator.emulator.clone();
        Self(tokio::spawn(async move {
            while emulator.invoke(FUNCTION, Invocation::new(r#"{"do":"sleep","ms":50}"#)).await.is_ok() {}
        }))
    }
}

impl Drop for Stir {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The first event of this type that the extension printed.
async fn event(emulator: &mut Fixture, event_type: &str) -> Value {
    let _stir = Stir::begin(emulator);
    told(emulator, event_type).await
}

/// The same while nobody is frozen anyway.
async fn told(emulator: &mut Fixture, event_type: &str) -> Value {
    let found = emulator
        .wait_for(event_type, |event| match event {
            EmulatorEvent::Line(line) => {
                let event: Value = serde_json::from_str(line.line.strip_prefix("telemetry ")?).ok()?;
                (event["type"] == event_type).then_some(event)
            }
            _ => None,
        })
        .await;
    assert!(found["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{found}");
    found["record"].clone()
}

fn keys(record: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = record.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_subscriber_sees_the_whole_life_of_an_environment() {
    let mut emulator = subscribed(SCHEMA);
    let upstream = "Root=1-6a01b2c3-00112233445566778899aabb;Parent=aaaabbbbccccdddd;Sampled=1";
    let invocation = Invocation::new("{}").with_trace_header(upstream);
    let outcome = emulator.emulator.invoke(FUNCTION, invocation).await.expect("a taken invocation");
    emulator.line("subscribed 200 OK").await;

    let init_start = event(&mut emulator, "platform.initStart").await;
    assert_eq!(init_start["initializationType"], "on-demand");
    assert_eq!((&init_start["phase"], &init_start["functionName"]), (&json!("init"), &json!("guest")));
    assert_eq!(init_start["instanceMaxMemory"], 128 * 1024 * 1024);
    let done = event(&mut emulator, "platform.initRuntimeDone").await;
    assert_eq!(done, json!({ "initializationType": "on-demand", "phase": "init", "status": "success" }));
    let subscription = event(&mut emulator, "platform.telemetrySubscription").await;
    let expected = json!({ "name": "emulator-extension", "state": "Subscribed", "types": ["platform", "function"] });
    assert_eq!(subscription, expected);
    let extension = event(&mut emulator, "platform.extension").await;
    let expected = json!({ "name": "emulator-extension", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"] });
    assert_eq!(extension, expected);
    let report = event(&mut emulator, "platform.initReport").await;
    assert_eq!(keys(&report), ["initializationType", "metrics", "phase", "status"]);

    let tracing = json!({ "spanId": outcome.info().segment_id, "type": "X-Amzn-Trace-Id", "value": upstream });
    let start = event(&mut emulator, "platform.start").await;
    assert_eq!(start["requestId"], outcome.info().request_id);
    assert_eq!((&start["version"], &start["tracing"]), (&json!("$LATEST"), &tracing));

    let done = event(&mut emulator, "platform.runtimeDone").await;
    assert_eq!(keys(&done), ["metrics", "requestId", "spans", "status", "tracing"]);
    assert_eq!((&done["requestId"], &done["status"]), (&start["requestId"], &json!("success")));
    assert_eq!(done["metrics"]["producedBytes"].as_u64(), Some(outcome.payload().len() as u64));
    assert_eq!(done["tracing"], tracing);
    let spans: Vec<&str> =
        done["spans"].as_array().expect("spans").iter().filter_map(|span| span["name"].as_str()).collect();
    assert_eq!(spans, ["responseLatency", "responseDuration", "runtimeOverhead"]);
    let report = event(&mut emulator, "platform.report").await;
    assert_eq!(keys(&report), ["metrics", "requestId", "spans", "status", "tracing"]);
    assert_eq!(report["spans"][0]["name"], "extensionOverhead");
    emulator.close().await;
}

#[tokio::test]
async fn a_timeout_and_an_exit_are_told_before_the_reset() {
    let timeout = Recipe { timeout: Duration::from_millis(300), ..Recipe::extension("") };
    let mut emulator = timeout.variable("EXTENSION_SUBSCRIBES", SCHEMA).variable("EXTENSION_LASTS_MS", "1500").open();
    emulator.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    let done = told(&mut emulator, "platform.runtimeDone").await;
    assert_eq!((&done["status"], &done["errorType"]), (&json!("timeout"), &Value::Null));
    emulator.wait_for("reset", |event| matches!(event, EmulatorEvent::EnvironmentEnded { .. }).then_some(())).await;
    emulator.forget();
    emulator.invoke(r#"{"do":"exit"}"#).await;
    let done = told(&mut emulator, "platform.runtimeDone").await;
    assert_eq!((&done["status"], &done["errorType"]), (&json!("error"), &json!("Runtime.ExitError")));
    // The second life came up inside the invocation.
    assert_eq!(told(&mut emulator, "platform.initStart").await["phase"], "invoke");
    emulator.close().await;
}

#[tokio::test]
async fn lines_are_strings_in_the_old_schema_and_objects_in_the_new_one() {
    let spoken = r#"{"do":"say","line":"{\"level\":\"INFO\"}"}"#;
    for (schema, expected) in [("2022-07-01", json!("{\"level\":\"INFO\"}")), (SCHEMA, json!({ "level": "INFO" }))] {
        let mut emulator = subscribed(schema);
        emulator.invoke(spoken).await;
        assert_eq!(event(&mut emulator, "function").await, expected);
        emulator.close().await;
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_comes_again() {
    let mut emulator = Recipe::extension("")
        .variable("EXTENSION_SUBSCRIBES", SCHEMA)
        .variable("EXTENSION_LISTENER", "refuse-1")
        .open();
    emulator.invoke("{}").await;
    event(&mut emulator, "platform.initStart").await;
    emulator.line("refused").await;
    emulator.close().await;
}

#[tokio::test]
async fn a_batch_that_is_refused_for_good_is_dropped_and_told() {
    let mut emulator = Recipe::extension("")
        .variable("EXTENSION_SUBSCRIBES", SCHEMA)
        .variable("EXTENSION_LISTENER", "refuse-4")
        .open();
    emulator.invoke("{}").await;
    let dropped = event(&mut emulator, "platform.logsDropped").await;
    assert_eq!(keys(&dropped), ["droppedBytes", "droppedRecords", "reason"]);
    assert!(dropped["droppedRecords"].as_u64() > Some(0), "{dropped}");
    assert!(dropped["droppedBytes"].as_u64() > dropped["droppedRecords"].as_u64(), "{dropped}");
    emulator.close().await;
}

#[tokio::test]
async fn plain_tcp_gets_one_event_a_line() {
    let mut emulator =
        Recipe::extension("").variable("EXTENSION_SUBSCRIBES", SCHEMA).variable("EXTENSION_LISTENER", "tcp").open();
    emulator.invoke("{}").await;
    event(&mut emulator, "platform.initStart").await;
    event(&mut emulator, "platform.start").await;
    emulator.close().await;
}

#[tokio::test]
async fn a_refused_subscription_lets_the_extension_go_on() {
    for (fault, expected) in [
        (
            TelemetryFault::NotSupported,
            r#"subscribed 202 {"errorMessage":"Telemetry API is not supported","errorType":"Telemetry.NotSupported"}"#,
        ),
        (TelemetryFault::ServerError, "subscribed 500"),
    ] {
        let mut emulator = subscribed(SCHEMA);
        emulator
            .emulator
            .set_faults(FUNCTION, Faults { telemetry: fault, ..Faults::default() })
            .expect("a known function");
        emulator.answer("{}").await;
        emulator.line(expected).await;
        emulator.close().await;
    }
}

#[tokio::test]
async fn runtime_done_can_be_late_or_missing() {
    let mut emulator = subscribed(SCHEMA);
    let late = RuntimeDoneFault::Delayed(Duration::from_secs(1));
    emulator
        .emulator
        .set_faults(FUNCTION, Faults { runtime_done: late, ..Faults::default() })
        .expect("a known function");
    let first = emulator.invoke("{}").await.info().request_id.clone();
    assert_eq!(event(&mut emulator, "platform.runtimeDone").await["requestId"], first);
    let reported = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("telemetry") && line.line.contains("platform.report"));
    let done = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("telemetry") && line.line.contains("platform.runtimeDone"));
    let seen = emulator.seen();
    let (reported, done) = (seen.iter().position(reported), seen.iter().position(done));
    assert!(reported < done, "the report must come first: {reported:?} {done:?}");
    emulator.close().await;

    let mut emulator = subscribed(SCHEMA);
    let missing = Faults { runtime_done: RuntimeDoneFault::Missing, ..Faults::default() };
    emulator.emulator.set_faults(FUNCTION, missing).expect("a known function");
    emulator.invoke("{}").await;
    event(&mut emulator, "platform.report").await;
    assert!(
        !emulator
            .seen()
            .iter()
            .any(|event| matches!(event, EmulatorEvent::Line(line) if line.line.contains("runtimeDone")))
    );
    emulator.close().await;
}

#[tokio::test]
async fn subscriptions_that_aws_refuses_are_refused() {
    let emulator = subscribed(SCHEMA);
    let unknown = r#"{"lambda-extension-identifier":"8f7c2e1a-0000-4000-8000-0123456789ab"}"#;
    let destination = json!({ "protocol": "HTTP", "URI": "http://sandbox.localdomain:4243" });
    let fine = json!({ "schemaVersion": SCHEMA, "types": ["platform"], "destination": destination });
    let with = |key: &str, value: Value| {
        let mut wish = fine.clone();
        wish[key] = value;
        wish
    };
    let to = |uri: &str| with("destination", json!({ "protocol": "HTTP", "URI": uri }));
    let cases = [
        (403, "Extension.UnknownExtensionIdentifier", fine.clone()),
        (400, "ValidationError", with("schemaVersion", json!("2020-08-15"))),
        (400, "ValidationError", with("types", json!([]))),
        (400, "ValidationError", with("types", json!(["everything"]))),
        (400, "ValidationError", with("buffering", json!({ "maxItems": 999 }))),
        (400, "ValidationError", with("buffering", json!({ "maxItems": 10_001 }))),
        (400, "ValidationError", with("buffering", json!({ "maxBytes": 262_143 }))),
        (400, "ValidationError", with("buffering", json!({ "maxBytes": 1_048_577 }))),
        (400, "ValidationError", with("buffering", json!({ "timeoutMs": 24 }))),
        (400, "ValidationError", with("buffering", json!({ "timeoutMs": 30_001 }))),
        (400, "ValidationError", to("http://127.0.0.1:4243")),
        (400, "ValidationError", to("https://sandbox.localdomain:4243")),
        (400, "ValidationError", to("http://sandbox.localdomain:9001")),
        (400, "ValidationError", to("http://sandbox.localdomain:80")),
        (400, "ValidationError", to("http://sandbox.localdomain")),
        (400, "ValidationError", with("destination", json!({ "protocol": "UDP", "port": 4243 }))),
    ];
    for (status, error_type, wish) in cases {
        let event = json!({
            "do": "call", "method": "PUT", "path": "/2022-07-01/telemetry",
            "headers": serde_json::from_str::<Value>(unknown).expect("JSON"), "body": wish.to_string(),
        });
        let answer = emulator.answer(&event.to_string()).await;
        assert_eq!(
            (answer["status"].as_u64(), answer["body"]["errorType"].as_str()),
            (Some(status), Some(error_type)),
            "{wish}"
        );
    }
    emulator.close().await;
}
