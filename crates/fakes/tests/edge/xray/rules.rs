//! One test a rule: a document that breaks it, sent to the daemon.

use serde_json::{Value, json};

use super::{daemon, send, send_document, violations};
use crate::support::{PATIENCE, document};

const ID: &str = "1111222233334444";

/// What the daemon made of a document: the rules it broke, and why it was not processed if it was not.
async fn made_of(document: &Value) -> (Vec<&'static str>, Option<String>) {
    let daemon = daemon().await;
    send_document(daemon.address(), document).await;
    daemon.wait_for(PATIENCE, |store| (store.call_log().requests() == 1).then_some(())).await.unwrap();
    daemon.with_store(|store| {
        let refused = store.call_log().rejections().next().map(|rejection| rejection.reason.clone());
        assert_eq!(store.document_count(), u64::from(refused.is_none()), "taken, or refused");
        (violations(store), refused)
    })
}

/// The rules that a document breaks that is taken.
async fn spoilt(spoil: impl FnOnce(&mut Value)) -> Vec<&'static str> {
    let mut document = document(ID);
    spoil(&mut document);
    let (violations, refused) = made_of(&document).await;
    assert_eq!(refused, None);
    violations
}

/// Why a document is not processed.
async fn refused(spoil: impl FnOnce(&mut Value)) -> String {
    let mut document = document(ID);
    spoil(&mut document);
    made_of(&document).await.1.expect("a refusal")
}

macro_rules! rules {
    ($($test:ident, $rule:literal, $spoil:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            assert_eq!(spoilt($spoil).await, [$rule]);
        })*
    };
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
    a_document_has_a_trace_id, "InvalidTraceId: trace_id null is not of the form 1-8-24", |it| it["trace_id"] = Value::Null;
    a_trace_id_is_written_1_8_24, "InvalidTraceId: trace_id \"5759e988bd862e3fe1be46a994272793\" is not of the form 1-8-24",
        |it| it["trace_id"] = "5759e988bd862e3fe1be46a994272793".into();
    a_document_has_an_id, "MissingId: a document needs its id", |it| it["id"] = Value::Null;
    an_id_has_16_digits, "InvalidSegment: id \"11\" has not 16 hexadecimal digits", |it| it["id"] = "11".into();
    a_nested_subsegment_has_an_id, "MissingId: a document needs its id", |it| it["subsegments"][0]["id"] = Value::Null;
    a_document_has_a_name, "InvalidSegment: a document needs its name", |it| it["name"] = "".into();
    a_document_starts, "InvalidSegment: start_time is not a number", |it| it["start_time"] = "now".into();
    a_document_ends_or_is_in_progress, "InvalidSegment: neither end_time nor in_progress", |it| it["end_time"] = Value::Null;
    in_progress_is_true_or_absent, "InvalidSegment: in_progress is \"yes\"", |it| it["in_progress"] = "yes".into();
    a_subsegment_alone_has_a_parent, "MissingParentId: a subsegment that is sent alone needs its parent_id",
        |it| it["parent_id"] = Value::Null;
    a_parents_id_has_16_digits, "InvalidSegment: parent_id \"xyz\" has not 16 hexadecimal digits", |it| it["parent_id"] = "xyz".into();
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
    a_name_has_at_most_200_characters, "name-long", |it| it["name"] = "x".repeat(201).into();
    a_name_has_no_braces, "name-characters", |it| it["name"] = "/api/activities/{id}".into();
    a_nested_name_has_no_braces, "name-characters", |it| it["subsegments"][0]["name"] = "{id}".into();
    what_is_in_progress_has_no_end, "in-progress-with-end", |it| it["in_progress"] = true.into();
    a_document_ends_after_it_starts, "end-before-start", |it| it["end_time"] = 1_790_000_000.1.into();
    a_time_is_no_number_of_milliseconds, "time-far", |it| it["end_time"] = 1_790_000_001_000_u64.into();
    a_document_is_not_its_own_parent, "parent-is-itself", |it| it["parent_id"] = ID.into();
    a_namespace_is_aws_or_remote, "namespace", |it| it["subsegments"][0]["namespace"] = "local".into();
    a_429_is_an_error_too, "throttle-without-error", |it| it["throttle"] = true.into();
    an_annotations_key_has_no_dot, "annotation-key", |it| it["annotations"] = json!({ "http.route": "/" });
    an_annotation_is_flat, "annotation-type", |it| it["annotations"] = json!({ "route": ["/"] });
    an_annotation_has_at_most_250_characters, "text-long", |it| it["annotations"] = json!({ "route": "x".repeat(251) });
    a_text_has_at_most_250_characters, "text-long", |it| it["http"] = json!({ "request": { "url": "x".repeat(251) } });
    metadata_has_namespaces, "metadata-namespace", |it| it["metadata"] = json!({ "app.now": "2026" });
    metadata_of_aws_is_reserved, "metadata-reserved", |it| it["metadata"] = json!({ "AWS.x": {} });
    a_field_is_known, "field-unknown", |it| it["duration"] = 1.into();
    a_blocks_field_is_known, "block-unknown", |it| it["http"] = json!({ "request": { "route": "/" } });
    a_status_is_an_integer, "http-response", |it| it["http"] = json!({ "response": { "status": "200" } });
    a_subsegment_has_no_user, "field-of-the-other-kind", |it| it["user"] = "andrew".into();
    a_nested_subsegment_has_no_origin, "field-of-the-other-kind", |it| it["subsegments"][0]["origin"] = "AWS::Lambda".into();
    a_subsegment_has_no_forwarded_address, "field-of-the-other-kind",
        |it| it["http"] = json!({ "request": { "x_forwarded_for": true } });
    a_nested_subsegment_is_of_its_documents_trace, "nested-contradiction",
        |it| it["subsegments"][0]["trace_id"] = "1-5759e988-000000000000000000000000".into();
    a_nested_subsegment_hangs_where_it_stands, "nested-contradiction", |it| it["subsegments"][0]["parent_id"] = "aaaabbbbccccdddd".into();
    an_id_is_unique_in_its_document, "id-twice", |it| it["subsegments"][0]["id"] = ID.into();
    precursors_are_ids, "precursor-ids", |it| it["precursor_ids"] = json!(["x"]);
    a_cause_belongs_to_a_fault, "cause-without-fault", |it| it["cause"] = json!({ "exceptions": [] });
    an_exception_has_an_id, "exception-id",
        |it| { it["fault"] = true.into(); it["cause"] = json!({ "exceptions": [{ "message": "x" }] }); };
    an_exceptions_cause_stands_beside_it, "exception-cause",
        |it| { it["fault"] = true.into(); it["cause"] = json!({ "exceptions": [{ "id": ID, "cause": "9999888877776666" }] }); };
    a_frame_says_where, "stack-frame",
        |it| { it["fault"] = true.into(); it["cause"] = json!({ "exceptions": [{ "id": ID, "stack": [{ "line": 1 }] }] }); };
}

#[tokio::test]
async fn a_nested_subsegment_may_say_what_is_right_anyway() {
    let rules = spoilt(|it| {
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
    assert_eq!(made_of(&segment(("namespace", "aws".into()))).await, (vec!["field-of-the-other-kind"], None));
    let link = json!({ "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": ID });
    assert_eq!(made_of(&segment(("links", vec![link.clone(); 21].into()))).await, (vec!["links-many"], None));
    assert_eq!(made_of(&segment(("links", vec![link; 20].into()))).await, (vec![], None));
}

#[tokio::test]
async fn fifty_annotations_are_indexed_and_no_more() {
    let many = |count: usize| (0..count).map(|at| (format!("key_{at}"), json!(at))).collect::<serde_json::Map<_, _>>();
    assert_eq!(spoilt(|it| it["annotations"] = many(50).into()).await, Vec::<&str>::new());
    assert_eq!(spoilt(|it| it["annotations"] = many(51).into()).await, ["annotations-many"]);
}

#[tokio::test]
async fn a_document_of_more_than_64_kb_does_not_fit_a_datagram() {
    let mut large = document(ID);
    large["metadata"]["crudder"]["note"] = "x".repeat(64_700).into();
    assert_eq!(made_of(&large).await, (vec![], None), "{} bytes", large.to_string().len());
    large["metadata"]["crudder"]["note"] = "x".repeat(65_600).into();
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sent = socket.send_to(large.to_string().as_bytes(), daemon().await.address()).await;
    assert_eq!(sent.unwrap_err().raw_os_error(), Some(90), "EMSGSIZE");
}

#[tokio::test]
async fn a_datagram_is_a_header_line_and_a_document() {
    let good = document(ID).to_string();
    for (datagram, reason) in [
        (good.clone(), "InvalidHeader: no newline after the header"),
        (format!("hello\n{good}"), "InvalidHeader: the header is no JSON"),
        (
            format!("{{\"format\":\"json\",\"version\":2}}\n{good}"),
            "InvalidHeader: the header is not format json, version 1",
        ),
        (
            format!("{{\"format\":\"xml\",\"version\":1}}\n{good}"),
            "InvalidHeader: the header is not format json, version 1",
        ),
    ] {
        let daemon = daemon().await;
        send(daemon.address(), datagram.as_bytes()).await;
        let told = daemon.wait_for(PATIENCE, |store| store.call_log().rejections().next().cloned()).await.unwrap();
        assert_eq!((told.status, told.reason.as_str()), (0, reason), "a daemon never answers");
    }
}

#[tokio::test]
async fn the_header_may_be_written_without_spaces_and_in_capitals() {
    let daemon = daemon().await;
    send(daemon.address(), format!("{{\"format\":\"JSON\",\"version\":1}}\n{}", document(ID)).as_bytes()).await;
    daemon.wait_for(PATIENCE, |store| (store.document_count() == 1).then_some(())).await.unwrap();
}

#[tokio::test]
async fn two_documents_in_one_datagram_are_none() {
    let daemon = daemon().await;
    let two = format!("{{\"format\":\"json\",\"version\":1}}\n{}\n{}", document(ID), document("2111222233334444"));
    send(daemon.address(), two.as_bytes()).await;
    let told = daemon.wait_for(PATIENCE, |store| store.call_log().rejections().next().cloned()).await.unwrap();
    assert!(told.reason.starts_with("InvalidSegment: trailing characters"), "{}", told.reason);
}
