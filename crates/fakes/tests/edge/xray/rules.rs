//! One test for each rule about documents and datagrams, sent to the daemon.

use crudder_testing::TIMEOUT;

use serde_json::{Value, json};

use super::{daemon, send, send_document, violations};
use crate::support::document;

const ID: &str = "1111222233334444";

/// Sends a document and returns the rules that it breaks, and the reason of its rejection.
async fn check(document: &Value) -> (Vec<&'static str>, Option<String>) {
    let daemon = daemon().await;
    send_document(daemon.address(), document).await;
    daemon.wait_for(TIMEOUT, |store| (store.call_log().request_count() == 1).then_some(())).await.unwrap();
    daemon.with_store(|store| {
        let rejection = store.call_log().rejections().next().map(|rejection| rejection.reason.clone());
        assert_eq!(store.document_count(), u64::from(rejection.is_none()), "accepted or rejected");
        (violations(store), rejection)
    })
}

/// Sends a modified document, which is accepted, and returns the rules that it breaks.
async fn violations_of(modify: impl FnOnce(&mut Value)) -> Vec<&'static str> {
    let mut document = document(ID);
    modify(&mut document);
    let (violations, rejection) = check(&document).await;
    assert_eq!(rejection, None);
    violations
}

/// Sends a modified document and returns the reason of its rejection.
async fn rejection_reason(modify: impl FnOnce(&mut Value)) -> String {
    let mut document = document(ID);
    modify(&mut document);
    check(&document).await.1.expect("a rejection")
}

/// Each line is a test: its name, the rule and the modification that breaks it.
macro_rules! rules {
    ($($test:ident, $rule:literal, $modify:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            assert_eq!(violations_of($modify).await, [$rule]);
        })*
    };
}

/// Each line is a test: its name, the reason of the rejection and the modification.
macro_rules! rejections {
    ($($test:ident, $message:literal, $modify:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            assert_eq!(rejection_reason($modify).await, $message);
        })*
    };
}

rejections! {
    a_document_has_a_trace_id, "InvalidTraceId: trace_id null does not have the format 1-8-24", |it| it["trace_id"] = Value::Null;
    a_trace_id_has_the_format_1_8_24, "InvalidTraceId: trace_id \"5759e988bd862e3fe1be46a994272793\" does not have the format 1-8-24",
        |it| it["trace_id"] = "5759e988bd862e3fe1be46a994272793".into();
    a_document_has_an_id, "MissingId: a document needs an id", |it| it["id"] = Value::Null;
    an_id_has_16_digits, "InvalidSegment: id \"11\" does not have 16 hexadecimal digits", |it| it["id"] = "11".into();
    a_nested_subsegment_has_an_id, "MissingId: a document needs an id", |it| it["subsegments"][0]["id"] = Value::Null;
    a_document_has_a_name, "InvalidSegment: a document needs a name", |it| it["name"] = "".into();
    a_document_has_a_start_time, "InvalidSegment: start_time is not a number", |it| it["start_time"] = "now".into();
    a_document_has_an_end_time_or_is_in_progress, "InvalidSegment: neither end_time nor in_progress", |it| it["end_time"] = Value::Null;
    in_progress_is_true_or_absent, "InvalidSegment: in_progress is \"yes\", not true", |it| it["in_progress"] = "yes".into();
    an_independent_subsegment_has_a_parent, "MissingParentId: an independent subsegment needs a parent_id",
        |it| it["parent_id"] = Value::Null;
    a_parent_id_has_16_digits, "InvalidSegment: parent_id \"xyz\" does not have 16 hexadecimal digits", |it| it["parent_id"] = "xyz".into();
    a_type_is_subsegment_or_absent, "InvalidSegment: type \"segment\" is not \"subsegment\"", |it| it["type"] = "segment".into();
    subsegments_are_a_list, "InvalidSegment: subsegments is not a list", |it| it["subsegments"] = json!({});
    a_flag_is_a_bool, "InvalidSegment: fault is not a bool", |it| it["fault"] = "yes".into();
    annotations_are_an_object, "InvalidSegment: annotations is not an object", |it| it["annotations"] = json!([]);
    metadata_is_an_object, "InvalidSegment: metadata is not an object", |it| it["metadata"] = json!([]);
    http_is_an_object, "InvalidSegment: http is not an object", |it| it["http"] = "GET".into();
    a_cause_is_an_id_or_an_object, "InvalidSegment: cause is neither an exception's id nor an object: 7",
        |it| { it["cause"] = 7.into(); it["fault"] = true.into(); };
    exceptions_are_a_list, "InvalidSegment: cause.exceptions is not a list",
        |it| { it["cause"] = json!({ "exceptions": {} }); it["fault"] = true.into(); };
}

rules! {
    a_name_has_at_most_200_characters, "name-too-long", |it| it["name"] = "x".repeat(201).into();
    a_name_has_no_braces, "name-characters", |it| it["name"] = "/api/activities/{id}".into();
    a_nested_name_has_no_braces, "name-characters", |it| it["subsegments"][0]["name"] = "{id}".into();
    a_document_in_progress_has_no_end_time, "in-progress-with-end", |it| it["in_progress"] = true.into();
    a_document_ends_after_it_starts, "end-before-start", |it| it["end_time"] = 1_790_000_000.1.into();
    a_time_in_milliseconds_is_out_of_range, "time-out-of-range", |it| it["end_time"] = 1_790_000_001_000_u64.into();
    a_document_is_not_its_own_parent, "parent-is-itself", |it| it["parent_id"] = ID.into();
    a_namespace_is_aws_or_remote, "namespace-invalid", |it| it["subsegments"][0]["namespace"] = "local".into();
    throttle_needs_error, "throttle-without-error", |it| it["throttle"] = true.into();
    an_annotation_key_has_no_dot, "annotation-key-invalid", |it| it["annotations"] = json!({ "http.route": "/" });
    an_annotation_is_not_a_list, "annotation-type-invalid", |it| it["annotations"] = json!({ "route": ["/"] });
    an_annotation_has_at_most_250_characters, "string-too-long", |it| it["annotations"] = json!({ "route": "x".repeat(251) });
    a_string_has_at_most_250_characters, "string-too-long", |it| it["http"] = json!({ "request": { "url": "x".repeat(251) } });
    metadata_has_namespaces, "metadata-namespace", |it| it["metadata"] = json!({ "app.now": "2026" });
    metadata_keys_of_aws_are_reserved, "metadata-reserved", |it| it["metadata"] = json!({ "AWS.x": {} });
    an_unknown_field_is_a_violation, "field-unknown", |it| it["duration"] = 1.into();
    an_unknown_field_of_a_block_is_a_violation, "block-field-unknown", |it| it["http"] = json!({ "request": { "route": "/" } });
    a_response_status_is_an_integer, "http-response-not-integer", |it| it["http"] = json!({ "response": { "status": "200" } });
    a_subsegment_has_no_user, "field-not-allowed", |it| it["user"] = "andrew".into();
    a_nested_subsegment_has_no_origin, "field-not-allowed", |it| it["subsegments"][0]["origin"] = "AWS::Lambda".into();
    a_subsegment_has_no_x_forwarded_for, "field-not-allowed",
        |it| it["http"] = json!({ "request": { "x_forwarded_for": true } });
    a_nested_subsegment_has_the_trace_id_of_its_document, "nested-contradiction",
        |it| it["subsegments"][0]["trace_id"] = "1-5759e988-000000000000000000000000".into();
    a_nested_subsegment_has_the_parent_id_of_its_parent, "nested-contradiction", |it| it["subsegments"][0]["parent_id"] = "aaaabbbbccccdddd".into();
    an_id_is_unique_in_its_document, "id-duplicate", |it| it["subsegments"][0]["id"] = ID.into();
    precursor_ids_are_ids, "precursor-id-invalid", |it| it["precursor_ids"] = json!(["x"]);
    a_cause_needs_a_fault_or_an_error, "cause-without-fault", |it| it["cause"] = json!({ "exceptions": [] });
    an_exception_has_an_id, "exception-id-invalid",
        |it| { it["fault"] = true.into(); it["cause"] = json!({ "exceptions": [{ "message": "x" }] }); };
    the_cause_of_an_exception_is_in_the_list, "exception-cause-unknown",
        |it| { it["fault"] = true.into(); it["cause"] = json!({ "exceptions": [{ "id": ID, "cause": "9999888877776666" }] }); };
    a_stack_frame_has_a_path_or_a_label, "stack-frame-empty",
        |it| { it["fault"] = true.into(); it["cause"] = json!({ "exceptions": [{ "id": ID, "stack": [{ "line": 1 }] }] }); };
}

#[tokio::test]
async fn a_nested_subsegment_may_repeat_inherited_fields() {
    let rules = violations_of(|it| {
        it["subsegments"][0]["trace_id"] = it["trace_id"].clone();
        it["subsegments"][0]["parent_id"] = ID.into();
        it["subsegments"][0]["type"] = "subsegment".into();
    });
    assert_eq!(rules.await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_segment_has_no_namespace_and_at_most_20_links() {
    let segment = |extra: (&str, Value)| {
        let mut segment = document(ID);
        let fields = segment.as_object_mut().unwrap();
        fields.remove("type");
        fields.remove("parent_id");
        fields.insert(extra.0.into(), extra.1);
        segment
    };
    assert_eq!(check(&segment(("namespace", "aws".into()))).await, (vec!["field-not-allowed"], None));
    let link = json!({ "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": ID });
    assert_eq!(check(&segment(("links", vec![link.clone(); 21].into()))).await, (vec!["too-many-links"], None));
    assert_eq!(check(&segment(("links", vec![link; 20].into()))).await, (vec![], None));
}

#[tokio::test]
async fn at_most_50_annotations_are_indexed() {
    let many = |count: usize| (0..count).map(|at| (format!("key_{at}"), json!(at))).collect::<serde_json::Map<_, _>>();
    assert_eq!(violations_of(|it| it["annotations"] = many(50).into()).await, Vec::<&str>::new());
    assert_eq!(violations_of(|it| it["annotations"] = many(51).into()).await, ["too-many-annotations"]);
}

#[tokio::test]
async fn a_document_of_more_than_64_kb_does_not_fit_a_datagram() {
    let mut large = document(ID);
    large["metadata"]["crudder"]["note"] = "x".repeat(64_700).into();
    assert_eq!(check(&large).await, (vec![], None), "{} bytes", large.to_string().len());
    large["metadata"]["crudder"]["note"] = "x".repeat(65_600).into();
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sent = socket.send_to(large.to_string().as_bytes(), daemon().await.address()).await;
    assert_eq!(sent.unwrap_err().raw_os_error(), Some(90), "EMSGSIZE");
}

#[tokio::test]
async fn a_datagram_is_a_header_line_and_a_document() {
    let valid = document(ID).to_string();
    for (datagram, reason) in [
        (valid.clone(), "InvalidHeader: no newline after the header"),
        (format!("hello\n{valid}"), "InvalidHeader: the header is not JSON"),
        (
            format!("{{\"format\":\"json\",\"version\":2}}\n{valid}"),
            "InvalidHeader: the header is not format json, version 1",
        ),
        (
            format!("{{\"format\":\"xml\",\"version\":1}}\n{valid}"),
            "InvalidHeader: the header is not format json, version 1",
        ),
    ] {
        let daemon = daemon().await;
        send(daemon.address(), datagram.as_bytes()).await;
        let rejection = daemon.wait_for(TIMEOUT, |store| store.call_log().rejections().next().cloned()).await.unwrap();
        assert_eq!((rejection.status, rejection.reason.as_str()), (0, reason), "the daemon has no status");
    }
}

#[tokio::test]
async fn the_header_may_lack_spaces_and_use_capitals() {
    let daemon = daemon().await;
    send(daemon.address(), format!("{{\"format\":\"JSON\",\"version\":1}}\n{}", document(ID)).as_bytes()).await;
    daemon.wait_for(TIMEOUT, |store| (store.document_count() == 1).then_some(())).await.unwrap();
}

#[tokio::test]
async fn two_documents_in_one_datagram_are_rejected() {
    let daemon = daemon().await;
    let two = format!("{{\"format\":\"json\",\"version\":1}}\n{}\n{}", document(ID), document("2111222233334444"));
    send(daemon.address(), two.as_bytes()).await;
    let rejection = daemon.wait_for(TIMEOUT, |store| store.call_log().rejections().next().cloned()).await.unwrap();
    assert!(rejection.reason.starts_with("InvalidSegment: trailing characters"), "{}", rejection.reason);
}
