//! The Telemetry API: subscriptions, the events of all phases, and subscribers that do not answer.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, Faults, Invocation, RuntimeDoneFault, TelemetryFault};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{FUNCTION, Fixture, FixtureConfig};

const SCHEMA: &str = "2022-12-13";

fn start_subscribed(schema: &str) -> Fixture {
    FixtureConfig::with_extension("").variable("EXTENSION_SUBSCRIBES", schema).start()
}

/// Requests that keep an environment from being frozen: a frozen extension gets no telemetry.
struct KeepAwake(JoinHandle<()>);

impl KeepAwake {
    fn start(fixture: &Fixture) -> Self {
        let emulator = fixture.emulator.clone();
        Self(tokio::spawn(async move {
            while emulator.invoke(FUNCTION, Invocation::new(r#"{"do":"sleep","ms":50}"#)).await.is_ok() {}
        }))
    }
}

impl Drop for KeepAwake {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for the first event of this type that the extension printed.
async fn event(fixture: &mut Fixture, event_type: &str) -> Value {
    let _keep_awake = KeepAwake::start(fixture);
    event_without_requests(fixture, event_type).await
}

/// The same for an environment that is not frozen anyway.
async fn event_without_requests(fixture: &mut Fixture, event_type: &str) -> Value {
    let found = fixture
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
async fn a_subscriber_gets_the_events_of_all_phases() {
    let mut fixture = start_subscribed(SCHEMA);
    let upstream = "Root=1-6a01b2c3-00112233445566778899aabb;Parent=aaaabbbbccccdddd;Sampled=1";
    let invocation = Invocation::new("{}").with_trace_header(upstream);
    let outcome = fixture.emulator.invoke(FUNCTION, invocation).await.expect("an accepted invocation");
    fixture.wait_for_line("subscribed 200 OK").await;

    let init_start = event(&mut fixture, "platform.initStart").await;
    assert_eq!(init_start["initializationType"], "on-demand");
    assert_eq!((&init_start["phase"], &init_start["functionName"]), (&json!("init"), &json!("test-function")));
    assert_eq!(init_start["instanceMaxMemory"], 128 * 1024 * 1024);
    let done = event(&mut fixture, "platform.initRuntimeDone").await;
    assert_eq!(done, json!({ "initializationType": "on-demand", "phase": "init", "status": "success" }));
    let subscription = event(&mut fixture, "platform.telemetrySubscription").await;
    let expected = json!({ "name": "emulator-extension", "state": "Subscribed", "types": ["platform", "function"] });
    assert_eq!(subscription, expected);
    let extension = event(&mut fixture, "platform.extension").await;
    let expected = json!({ "name": "emulator-extension", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"] });
    assert_eq!(extension, expected);
    let report = event(&mut fixture, "platform.initReport").await;
    assert_eq!(keys(&report), ["initializationType", "metrics", "phase", "status"]);

    let tracing = json!({ "spanId": outcome.info().segment_id, "type": "X-Amzn-Trace-Id", "value": upstream });
    let start = event(&mut fixture, "platform.start").await;
    assert_eq!(start["requestId"], outcome.info().request_id);
    assert_eq!((&start["version"], &start["tracing"]), (&json!("$LATEST"), &tracing));

    let done = event(&mut fixture, "platform.runtimeDone").await;
    assert_eq!(keys(&done), ["metrics", "requestId", "spans", "status", "tracing"]);
    assert_eq!((&done["requestId"], &done["status"]), (&start["requestId"], &json!("success")));
    assert_eq!(done["metrics"]["producedBytes"].as_u64(), Some(outcome.payload().len() as u64));
    assert_eq!(done["tracing"], tracing);
    let spans: Vec<&str> =
        done["spans"].as_array().expect("spans").iter().filter_map(|span| span["name"].as_str()).collect();
    assert_eq!(spans, ["responseLatency", "responseDuration", "runtimeOverhead"]);
    let report = event(&mut fixture, "platform.report").await;
    assert_eq!(keys(&report), ["metrics", "requestId", "spans", "status", "tracing"]);
    assert_eq!(report["spans"][0]["name"], "extensionOverhead");
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_timeout_and_an_exit_are_reported_before_the_reset() {
    let config = FixtureConfig { timeout: Duration::from_millis(300), ..FixtureConfig::with_extension("") };
    let mut fixture = config.variable("EXTENSION_SUBSCRIBES", SCHEMA).variable("EXTENSION_SHUTDOWN_MS", "1500").start();
    fixture.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    let done = event_without_requests(&mut fixture, "platform.runtimeDone").await;
    assert_eq!((&done["status"], &done["errorType"]), (&json!("timeout"), &Value::Null));
    fixture.wait_for("reset", |event| matches!(event, EmulatorEvent::EnvironmentEnded { .. }).then_some(())).await;
    fixture.clear_events();
    fixture.invoke(r#"{"do":"exit"}"#).await;
    let done = event_without_requests(&mut fixture, "platform.runtimeDone").await;
    assert_eq!((&done["status"], &done["errorType"]), (&json!("error"), &json!("Runtime.ExitError")));
    // The second init phase was inside the invocation.
    assert_eq!(event_without_requests(&mut fixture, "platform.initStart").await["phase"], "invoke");
    fixture.shutdown().await;
}

#[tokio::test]
async fn lines_are_strings_in_the_old_schema_and_objects_in_the_new_one() {
    let event_with_line = r#"{"do":"print-line","line":"{\"level\":\"INFO\"}"}"#;
    for (schema, expected) in [("2022-07-01", json!("{\"level\":\"INFO\"}")), (SCHEMA, json!({ "level": "INFO" }))] {
        let mut fixture = start_subscribed(schema);
        fixture.invoke(event_with_line).await;
        assert_eq!(event(&mut fixture, "function").await, expected);
        fixture.shutdown().await;
    }
}

#[tokio::test]
async fn a_refused_batch_is_sent_again() {
    let mut fixture = FixtureConfig::with_extension("")
        .variable("EXTENSION_SUBSCRIBES", SCHEMA)
        .variable("EXTENSION_LISTENER", "refuse-1")
        .start();
    fixture.invoke("{}").await;
    event(&mut fixture, "platform.initStart").await;
    fixture.wait_for_line("refused").await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_batch_that_is_always_refused_is_dropped_and_reported() {
    let mut fixture = FixtureConfig::with_extension("")
        .variable("EXTENSION_SUBSCRIBES", SCHEMA)
        .variable("EXTENSION_LISTENER", "refuse-4")
        .start();
    fixture.invoke("{}").await;
    let dropped = event(&mut fixture, "platform.logsDropped").await;
    assert_eq!(keys(&dropped), ["droppedBytes", "droppedRecords", "reason"]);
    assert!(dropped["droppedRecords"].as_u64() > Some(0), "{dropped}");
    assert!(dropped["droppedBytes"].as_u64() > dropped["droppedRecords"].as_u64(), "{dropped}");
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_tcp_subscriber_gets_one_event_a_line() {
    let mut fixture = FixtureConfig::with_extension("")
        .variable("EXTENSION_SUBSCRIBES", SCHEMA)
        .variable("EXTENSION_LISTENER", "tcp")
        .start();
    fixture.invoke("{}").await;
    event(&mut fixture, "platform.initStart").await;
    event(&mut fixture, "platform.start").await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_works_on_after_a_refused_subscription() {
    for (fault, expected) in [
        (
            TelemetryFault::NotSupported,
            r#"subscribed 202 {"errorMessage":"Telemetry API is not supported","errorType":"Telemetry.NotSupported"}"#,
        ),
        (TelemetryFault::ServerError, "subscribed 500"),
    ] {
        let mut fixture = start_subscribed(SCHEMA);
        fixture
            .emulator
            .set_faults(FUNCTION, Faults { telemetry: fault, ..Faults::default() })
            .expect("a known function");
        fixture.response("{}").await;
        fixture.wait_for_line(expected).await;
        fixture.shutdown().await;
    }
}

#[tokio::test]
async fn runtime_done_can_be_late_or_missing() {
    let mut fixture = start_subscribed(SCHEMA);
    let late = RuntimeDoneFault::Delayed(Duration::from_secs(1));
    fixture
        .emulator
        .set_faults(FUNCTION, Faults { runtime_done: late, ..Faults::default() })
        .expect("a known function");
    let first = fixture.invoke("{}").await.info().request_id.clone();
    assert_eq!(event(&mut fixture, "platform.runtimeDone").await["requestId"], first);
    let reported = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("telemetry") && line.line.contains("platform.report"));
    let done = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("telemetry") && line.line.contains("platform.runtimeDone"));
    let seen = fixture.events();
    let (reported, done) = (seen.iter().position(reported), seen.iter().position(done));
    assert!(reported < done, "the report must come first: {reported:?} {done:?}");
    fixture.shutdown().await;

    let mut fixture = start_subscribed(SCHEMA);
    let missing = Faults { runtime_done: RuntimeDoneFault::Missing, ..Faults::default() };
    fixture.emulator.set_faults(FUNCTION, missing).expect("a known function");
    fixture.invoke("{}").await;
    event(&mut fixture, "platform.report").await;
    assert!(
        !fixture
            .events()
            .iter()
            .any(|event| matches!(event, EmulatorEvent::Line(line) if line.line.contains("runtimeDone")))
    );
    fixture.shutdown().await;
}

#[tokio::test]
async fn subscriptions_that_aws_refuses_are_refused() {
    let fixture = start_subscribed(SCHEMA);
    let unknown = r#"{"lambda-extension-identifier":"8f7c2e1a-0000-4000-8000-0123456789ab"}"#;
    let destination = json!({ "protocol": "HTTP", "URI": "http://sandbox.localdomain:4243" });
    let valid = json!({ "schemaVersion": SCHEMA, "types": ["platform"], "destination": destination });
    let with = |key: &str, value: Value| {
        let mut request = valid.clone();
        request[key] = value;
        request
    };
    let with_uri = |uri: &str| with("destination", json!({ "protocol": "HTTP", "URI": uri }));
    let cases = [
        (403, "Extension.UnknownExtensionIdentifier", valid.clone()),
        (400, "ValidationError", with("schemaVersion", json!("2020-08-15"))),
        (400, "ValidationError", with("types", json!([]))),
        (400, "ValidationError", with("types", json!(["everything"]))),
        (400, "ValidationError", with("buffering", json!({ "maxItems": 999 }))),
        (400, "ValidationError", with("buffering", json!({ "maxItems": 10_001 }))),
        (400, "ValidationError", with("buffering", json!({ "maxBytes": 262_143 }))),
        (400, "ValidationError", with("buffering", json!({ "maxBytes": 1_048_577 }))),
        (400, "ValidationError", with("buffering", json!({ "timeoutMs": 24 }))),
        (400, "ValidationError", with("buffering", json!({ "timeoutMs": 30_001 }))),
        (400, "ValidationError", with_uri("http://127.0.0.1:4243")),
        (400, "ValidationError", with_uri("https://sandbox.localdomain:4243")),
        (400, "ValidationError", with_uri("http://sandbox.localdomain:9001")),
        (400, "ValidationError", with_uri("http://sandbox.localdomain:80")),
        (400, "ValidationError", with_uri("http://sandbox.localdomain")),
        (400, "ValidationError", with("destination", json!({ "protocol": "UDP", "port": 4243 }))),
    ];
    for (status, error_type, request) in cases {
        let event = json!({
            "do": "call", "method": "PUT", "path": "/2022-07-01/telemetry",
            "headers": serde_json::from_str::<Value>(unknown).expect("JSON"), "body": request.to_string(),
        });
        let result = fixture.response(&event.to_string()).await;
        assert_eq!(
            (result["status"].as_u64(), result["body"]["errorType"].as_str()),
            (Some(status), Some(error_type)),
            "{request}"
        );
    }
    fixture.shutdown().await;
}
