//! One test a rule: what is refused with 422 and the field's name, and what is taken and complained of.

use serde_json::{Value, json};

use super::{post, rollbar, violations};
use crate::support::{NOW_S, item};

/// The message of the refusal of an item that is spoilt at `data`.
async fn refused(spoil: impl FnOnce(&mut Value)) -> String {
    let rollbar = rollbar().await;
    let mut item = item("one");
    spoil(&mut item["data"]);
    let heard = post(&rollbar, &item).await;
    assert_eq!((heard.status, rollbar.with_store(|store| store.item_count())), (422, 0), "{}", heard.text());
    heard.json()["message"].as_str().unwrap().to_owned()
}

/// The rules that an item breaks that is taken.
async fn complained(spoil: impl FnOnce(&mut Value)) -> Vec<&'static str> {
    let rollbar = rollbar().await;
    let mut item = item("one");
    spoil(&mut item["data"]);
    let heard = post(&rollbar, &item).await;
    assert_eq!(heard.status, 200, "{}", heard.text());
    rollbar.with_store(violations)
}

macro_rules! refusals {
    ($($test:ident, $message:literal, $spoil:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            assert_eq!(refused($spoil).await, $message);
        })*
    };
}

refusals! {
    an_environment_is_required, "data.environment is required", |data| data["environment"] = Value::Null;
    an_environment_is_not_empty, "data.environment is empty", |data| data["environment"] = "".into();
    an_environment_is_text, "data.environment is not a string", |data| data["environment"] = 1.into();
    an_environment_has_at_most_255_characters, "data.environment is longer than 255 characters",
        |data| data["environment"] = "x".repeat(256).into();
    a_level_is_one_of_five, "data.level is none of critical, error, warning, info, debug", |data| data["level"] = "fatal".into();
    a_timestamp_is_an_integer, "data.timestamp is not an integer", |data| data["timestamp"] = json!(1.5);
    a_version_has_at_most_40_characters, "data.code_version is longer than 40 characters",
        |data| data["code_version"] = "x".repeat(41).into();
    a_title_has_at_most_255_characters, "data.title is longer than 255 characters", |data| data["title"] = "x".repeat(256).into();
    a_uuid_has_at_most_36_characters, "data.uuid is longer than 36 characters", |data| data["uuid"] = "x".repeat(37).into();
    a_uuid_is_latin1, "data.uuid is not 1 to 36 characters of latin1", |data| data["uuid"] = "ключ".into();
    a_request_is_an_object, "data.request is not an object", |data| data["request"] = "GET /".into();
    a_person_has_an_id, "data.person.id is required", |data| data["person"] = json!({ "username": "andrew" });
    a_persons_id_has_at_most_40_characters, "data.person.id is longer than 40 characters",
        |data| data["person"]["id"] = "x".repeat(41).into();
    a_persons_name_has_at_most_255_characters, "data.person.username is longer than 255 characters",
        |data| data["person"]["username"] = "x".repeat(256).into();
    attributes_are_pairs, "data.attributes is not a list of key and value", |data| data["attributes"] = json!([{ "key": "trace_id" }]);
    a_body_is_required, "data.body is required and is an object", |data| data["body"] = Value::Null;
    a_body_is_of_one_kind, "data.body holds exactly one of trace, trace_chain, message, crash_report",
        |data| data["body"]["message"] = json!({ "body": "hello" });
    a_body_is_of_some_kind, "data.body holds exactly one of trace, trace_chain, message, crash_report", |data| data["body"] = json!({});
    a_message_has_a_body, "data.body.message.body is required", |data| data["body"] = json!({ "message": {} });
    a_crash_report_is_raw, "data.body.crash_report.raw is required", |data| data["body"] = json!({ "crash_report": {} });
    a_chain_is_not_empty, "data.body.trace_chain is not a list with a trace in it", |data| data["body"]["trace_chain"] = json!([]);
    an_exception_has_a_class, "data.body.trace_chain[0].exception.class is required",
        |data| data["body"]["trace_chain"][0]["exception"] = json!({});
    frames_are_a_list, "data.body.trace_chain[1].frames is required and is a list",
        |data| data["body"]["trace_chain"][1]["frames"] = Value::Null;
    a_frame_has_a_file, "data.body.trace_chain[0].frames[0].filename is required",
        |data| data["body"]["trace_chain"][0]["frames"][0] = json!({ "lineno": 1 });
    a_line_is_an_integer, "data.body.trace_chain[0].frames[0].lineno is not an integer",
        |data| data["body"]["trace_chain"][0]["frames"][0]["lineno"] = "88".into();
    breadcrumbs_are_a_list, "data.body.telemetry is not a list", |data| data["body"]["telemetry"] = json!({});
    a_breadcrumb_has_a_type, "data.body.telemetry[0].type is required", |data| data["body"]["telemetry"] = json!([{ "level": "info" }]);
    a_breadcrumb_comes_from_client_or_server, "data.body.telemetry[0].source is none of client, server",
        |data| data["body"]["telemetry"] = json!([{ "type": "log", "source": "moon" }]);
}

#[tokio::test]
async fn data_is_required() {
    let rollbar = rollbar().await;
    let heard = post(&rollbar, &json!({})).await;
    assert_eq!((heard.status, heard.json()["message"].as_str()), (422, Some("data is required and is an object")));
}

#[tokio::test]
async fn each_kind_of_body_is_taken() {
    let frames = json!([]);
    for body in [
        json!({ "trace": { "frames": frames, "exception": { "class": "Panic" } } }),
        json!({ "message": { "body": "hello", "route": "/" } }),
        json!({ "crash_report": { "raw": "core dumped" } }),
    ] {
        assert_eq!(complained(|data| data["body"] = body.clone()).await, Vec::<&str>::new(), "{body}");
    }
}

#[tokio::test]
async fn fields_that_rollbar_does_not_know_belong_into_custom() {
    assert_eq!(complained(|data| data["request_id"] = "r-1".into()).await, ["data-unknown"]);
    assert_eq!(complained(|data| data["body"]["note"] = "x".into()).await, ["body-unknown"]);
}

#[tokio::test]
async fn a_timestamp_in_milliseconds_is_complained_of() {
    assert_eq!(complained(|data| data["timestamp"] = (NOW_S * 1_000).into()).await, ["timestamp-not-seconds"]);
}

#[tokio::test]
async fn a_fingerprint_of_more_than_40_characters_is_hashed() {
    assert_eq!(complained(|data| data["fingerprint"] = "x".repeat(41).into()).await, ["fingerprint-long"]);
}

#[tokio::test]
async fn an_item_without_a_uuid_cannot_be_sent_twice_safely() {
    assert_eq!(complained(|data| data["uuid"] = Value::Null).await, ["uuid-missing"]);
}

#[tokio::test]
async fn more_than_100_breadcrumbs_are_complained_of() {
    let crumb =
        json!({ "type": "log", "level": "info", "source": "server", "timestamp_ms": 1, "body": { "message": "x" } });
    assert_eq!(complained(|data| data["body"]["telemetry"] = vec![crumb; 101].into()).await, ["telemetry-long"]);
}

#[tokio::test]
async fn deprecated_fields_of_a_frame_are_complained_of() {
    let rules = complained(|data| data["body"]["trace_chain"][0]["frames"][0]["args"] = json!(["x"]));
    assert_eq!(rules.await, ["frame-deprecated"]);
}
