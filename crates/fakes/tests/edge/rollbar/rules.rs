//! One test for each rule about items: a 422 that names the field, or a violation.

use serde_json::{Value, json};

use super::{post, rollbar, violations};
use crate::support::{NOW_S, item};

/// Posts an item with modified `data` and returns the message of its rejection.
async fn rejection_message(modify: impl FnOnce(&mut Value)) -> String {
    let rollbar = rollbar().await;
    let mut item = item("one");
    modify(&mut item["data"]);
    let response = post(&rollbar, &item).await;
    assert_eq!((response.status, rollbar.with_store(|store| store.item_count())), (422, 0), "{}", response.text());
    response.json()["message"].as_str().unwrap().to_owned()
}

/// Posts an item with modified `data`, which is accepted, and returns the rules that it breaks.
async fn violations_of(modify: impl FnOnce(&mut Value)) -> Vec<&'static str> {
    let rollbar = rollbar().await;
    let mut item = item("one");
    modify(&mut item["data"]);
    let response = post(&rollbar, &item).await;
    assert_eq!(response.status, 200, "{}", response.text());
    rollbar.with_store(violations)
}

/// Each line is a test: its name, the message of the 422 and the modification of `data`.
macro_rules! rejections {
    ($($test:ident, $message:literal, $modify:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            assert_eq!(rejection_message($modify).await, $message);
        })*
    };
}

rejections! {
    an_environment_is_required, "data.environment is required", |data| data["environment"] = Value::Null;
    an_environment_is_not_empty, "data.environment is empty", |data| data["environment"] = "".into();
    an_environment_is_a_string, "data.environment is not a string", |data| data["environment"] = 1.into();
    an_environment_has_at_most_255_characters, "data.environment is longer than 255 characters",
        |data| data["environment"] = "x".repeat(256).into();
    a_level_is_one_of_five, "data.level is not one of critical, error, warning, info, debug", |data| data["level"] = "fatal".into();
    a_timestamp_is_an_integer, "data.timestamp is not an integer", |data| data["timestamp"] = json!(1.5);
    a_version_has_at_most_40_characters, "data.code_version is longer than 40 characters",
        |data| data["code_version"] = "x".repeat(41).into();
    a_title_has_at_most_255_characters, "data.title is longer than 255 characters", |data| data["title"] = "x".repeat(256).into();
    a_uuid_has_at_most_36_characters, "data.uuid is longer than 36 characters", |data| data["uuid"] = "x".repeat(37).into();
    a_uuid_is_latin1, "data.uuid is not 1 to 36 characters of latin1", |data| data["uuid"] = "ключ".into();
    a_request_is_an_object, "data.request is not an object", |data| data["request"] = "GET /".into();
    a_person_has_an_id, "data.person.id is required", |data| data["person"] = json!({ "username": "andrew" });
    a_person_id_has_at_most_40_characters, "data.person.id is longer than 40 characters",
        |data| data["person"]["id"] = "x".repeat(41).into();
    a_person_name_has_at_most_255_characters, "data.person.username is longer than 255 characters",
        |data| data["person"]["username"] = "x".repeat(256).into();
    attributes_are_pairs, "data.attributes is not a list of objects with key and value", |data| data["attributes"] = json!([{ "key": "trace_id" }]);
    a_body_is_required, "data.body is required and must be an object", |data| data["body"] = Value::Null;
    a_body_has_only_one_kind, "data.body must have exactly one of trace, trace_chain, message, crash_report",
        |data| data["body"]["message"] = json!({ "body": "hello" });
    a_body_has_a_kind, "data.body must have exactly one of trace, trace_chain, message, crash_report", |data| data["body"] = json!({});
    a_message_has_a_body, "data.body.message.body is required", |data| data["body"] = json!({ "message": {} });
    a_crash_report_has_raw_text, "data.body.crash_report.raw is required", |data| data["body"] = json!({ "crash_report": {} });
    a_chain_is_not_empty, "data.body.trace_chain is not a list with at least one trace", |data| data["body"]["trace_chain"] = json!([]);
    an_exception_has_a_class, "data.body.trace_chain[0].exception.class is required",
        |data| data["body"]["trace_chain"][0]["exception"] = json!({});
    frames_are_a_list, "data.body.trace_chain[1].frames is required and must be a list",
        |data| data["body"]["trace_chain"][1]["frames"] = Value::Null;
    a_frame_has_a_file, "data.body.trace_chain[0].frames[0].filename is required",
        |data| data["body"]["trace_chain"][0]["frames"][0] = json!({ "lineno": 1 });
    a_line_number_is_an_integer, "data.body.trace_chain[0].frames[0].lineno is not an integer",
        |data| data["body"]["trace_chain"][0]["frames"][0]["lineno"] = "88".into();
    breadcrumbs_are_a_list, "data.body.telemetry is not a list", |data| data["body"]["telemetry"] = json!({});
    a_breadcrumb_has_a_type, "data.body.telemetry[0].type is required", |data| data["body"]["telemetry"] = json!([{ "level": "info" }]);
    a_breadcrumb_source_is_client_or_server, "data.body.telemetry[0].source is not one of client, server",
        |data| data["body"]["telemetry"] = json!([{ "type": "log", "source": "proxy" }]);
}

#[tokio::test]
async fn data_is_required() {
    let rollbar = rollbar().await;
    let response = post(&rollbar, &json!({})).await;
    assert_eq!(
        (response.status, response.json()["message"].as_str()),
        (422, Some("data is required and must be an object"))
    );
}

#[tokio::test]
async fn each_kind_of_body_is_accepted() {
    let frames = json!([]);
    for body in [
        json!({ "trace": { "frames": frames, "exception": { "class": "Panic" } } }),
        json!({ "message": { "body": "hello", "route": "/" } }),
        json!({ "crash_report": { "raw": "core dumped" } }),
    ] {
        assert_eq!(violations_of(|data| data["body"] = body.clone()).await, Vec::<&str>::new(), "{body}");
    }
}

#[tokio::test]
async fn a_field_unknown_to_rollbar_is_a_violation() {
    assert_eq!(violations_of(|data| data["request_id"] = "r-1".into()).await, ["data-field-unknown"]);
    assert_eq!(violations_of(|data| data["body"]["note"] = "x".into()).await, ["body-field-unknown"]);
}

#[tokio::test]
async fn a_timestamp_in_milliseconds_is_a_violation() {
    assert_eq!(violations_of(|data| data["timestamp"] = (NOW_S * 1_000).into()).await, ["timestamp-not-seconds"]);
}

#[tokio::test]
async fn a_fingerprint_of_more_than_40_characters_is_a_violation() {
    assert_eq!(violations_of(|data| data["fingerprint"] = "x".repeat(41).into()).await, ["fingerprint-too-long"]);
}

#[tokio::test]
async fn an_item_without_a_uuid_is_a_violation() {
    assert_eq!(violations_of(|data| data["uuid"] = Value::Null).await, ["uuid-missing"]);
}

#[tokio::test]
async fn more_than_100_breadcrumbs_are_a_violation() {
    let crumb =
        json!({ "type": "log", "level": "info", "source": "server", "timestamp_ms": 1, "body": { "message": "x" } });
    assert_eq!(
        violations_of(|data| data["body"]["telemetry"] = vec![crumb; 101].into()).await,
        ["too-many-breadcrumbs"]
    );
}

#[tokio::test]
async fn a_deprecated_field_of_a_frame_is_a_violation() {
    let rules = violations_of(|data| data["body"]["trace_chain"][0]["frames"][0]["args"] = json!(["x"]));
    assert_eq!(rules.await, ["frame-field-deprecated"]);
}
