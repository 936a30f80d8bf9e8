//! Compares our X-Ray documents with those of the exporter in `opentelemetry-aws`: equal where both have a member.

use std::time::{Duration, UNIX_EPOCH};

use crudder_xray::write_datagrams;
use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, KeyValue, Value as Sdk};
use opentelemetry_aws::xray_exporter::SegmentTranslator;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use serde_json::{Map, Value, json};

use crate::xray_span;

const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

fn span(id: u64, parent: u64, name: &'static str, kind: SpanKind, attributes: Vec<KeyValue>) -> SpanData {
    let at = |micros: u64| UNIX_EPOCH + Duration::from_micros(1_790_000_000_000_000 + micros);
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_hex(TRACE).unwrap(),
            SpanId::from_bytes(id.to_be_bytes()),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::from_bytes(parent.to_be_bytes()),
        parent_span_is_remote: id == 1,
        span_kind: kind,
        name: name.into(),
        start_time: at(id * 1_000),
        end_time: at(id * 1_000 + 500),
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: opentelemetry::InstrumentationScope::default(),
    }
}

fn ours(spans: &[SpanData]) -> Value {
    let borrowed = spans.iter().map(xray_span::borrow).collect::<Vec<_>>();
    let mut documents = Vec::new();
    write_datagrams(&borrowed, "crudder", &mut Vec::new(), |datagram| {
        let body = datagram.iter().position(|byte| *byte == b'\n').unwrap();
        documents.push(serde_json::from_slice::<Value>(&datagram[body..]).unwrap());
    });
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// The exporter's document. It turns a SERVER span into a segment, which a function may not send, so
/// the span gets another kind.
fn theirs(spans: &[SpanData]) -> Value {
    let mut spans = spans.to_vec();
    for span in &mut spans {
        if span.span_kind == SpanKind::Server {
            span.span_kind = SpanKind::Internal;
        }
        // The exporter takes the language from the resource; this crate's is always Rust.
        span.attributes.push(KeyValue::new("telemetry.sdk.language", "rust"));
    }
    let translator = SegmentTranslator::new()
        .always_nest_subsegments()
        .skip_timestamp_validation()
        .metadata_all_attrs()
        .with_indexed_attr("http.route".to_owned());
    let documents = translator.translate_spans(&spans);
    assert_eq!(documents.len(), 1);
    let mut document = serde_json::from_str(&documents[0].to_string()).unwrap();
    drop_sdk(&mut document);
    document
}

/// Removes `aws.xray`, which names the SDK: by the Developer Guide a subsegment has no such member.
fn drop_sdk(segment: &mut Value) {
    let segment = segment.as_object_mut().unwrap();
    if let Some(aws) = segment.get_mut("aws").and_then(Value::as_object_mut) {
        aws.remove("xray");
        if aws.is_empty() {
            segment.remove("aws");
        }
    }
    segment.get_mut("subsegments").and_then(Value::as_array_mut).into_iter().flatten().for_each(drop_sdk);
}

/// Compares the members that both documents have, and lists those that only one has.
fn compare(ours: &Value, theirs: &Value, only_ours: &mut Vec<String>, only_theirs: &mut Vec<String>) {
    let (mine, other) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
    only_ours.extend(mine.keys().filter(|key| !other.contains_key(*key)).cloned());
    only_theirs.extend(other.keys().filter(|key| !mine.contains_key(*key)).cloned());
    for (key, value) in mine {
        let Some(same) = other.get(key) else { continue };
        match key.as_str() {
            "start_time" | "end_time" => {
                let (one, other) = (value.as_f64().unwrap(), same.as_f64().unwrap());
                assert!((one - other).abs() < 2e-6, "{key}: {one} and {other}");
            }
            "subsegments" => {
                let (ours, theirs) = (value.as_array().unwrap(), same.as_array().unwrap());
                assert_eq!(ours.len(), theirs.len());
                for child in ours {
                    let counterpart = theirs.iter().find(|other| other["id"] == child["id"]).unwrap();
                    compare(child, counterpart, only_ours, only_theirs);
                }
            }
            "cause" => {
                let (ours, theirs) = (value["exceptions"].as_array().unwrap(), same["exceptions"].as_array().unwrap());
                // For an error with a source chain, ours has one exception per link, theirs only the first.
                compare_members(&ours[0], &theirs[0], &["id", "cause"]);
            }
            // Ours is under the service's name, as in X-Ray's own SDKs.
            "metadata" => compare_members(&value["crudder"], same, &[]),
            "annotations" => assert_eq!(value["route"], same["http_route"]),
            "http" => {
                // For a span that is not SERVER the exporter takes the client's address for the host.
                compare_members(&value["request"], &same["request"], &["url"]);
                assert_eq!(value["response"], same["response"]);
            }
            _ => assert_eq!(value, same, "{key}"),
        }
    }
}

fn compare_members(ours: &Value, theirs: &Value, but: &[&str]) {
    let empty = Map::new();
    let (ours, theirs) = (ours.as_object().unwrap_or(&empty), theirs.as_object().unwrap_or(&empty));
    for (key, value) in ours.iter().filter(|(key, _)| !but.contains(&key.as_str())) {
        if let Some(same) = theirs.get(key) {
            assert_eq!(value, same, "{key}");
        }
    }
}

fn request() -> Vec<SpanData> {
    let root = vec![
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("http.route", "/api/activities/{id}"),
        KeyValue::new("url.scheme", "https"),
        KeyValue::new("url.path", "/api/activities/@andrewbrown"),
        KeyValue::new("url.query", "limit=3"),
        KeyValue::new("server.address", "api.example.test"),
        KeyValue::new("client.address", "203.0.113.7"),
        KeyValue::new("user_agent.original", "curl/8"),
        KeyValue::new("http.response.status_code", 200),
        KeyValue::new("faas.invocation_id", "8f7c2e1a"),
    ];
    let dynamodb = vec![
        KeyValue::new("rpc.system", "aws-api"),
        KeyValue::new("rpc.service", "DynamoDB"),
        KeyValue::new("rpc.method", "Query"),
        KeyValue::new("cloud.region", "ca-central-1"),
        KeyValue::new("aws.request_id", "ABC"),
        KeyValue::new("aws.dynamodb.table_names", Sdk::Array(Array::String(vec!["crudder".into()]))),
        KeyValue::new("http.response.status_code", 200),
        KeyValue::new("aws.dynamodb.limit", 41),
    ];
    let step = vec![
        KeyValue::new("app.now", "2026-11-22T10:00:00Z"),
        KeyValue::new("app.shares", 0.5),
        KeyValue::new("app.flags", Sdk::Array(Array::Bool(vec![true, false]))),
    ];
    vec![
        span(1, 99, "GET /api/activities/id", SpanKind::Server, root),
        span(2, 1, "user-activities", SpanKind::Internal, step),
        span(3, 2, "DynamoDB.Query", SpanKind::Client, dynamodb),
        span(4, 1, "elsewhere", SpanKind::Client, vec![KeyValue::new("http.response.status_code", 200)]),
    ]
}

#[test]
fn a_request_has_the_same_document_from_both() {
    let spans = request();
    let (mut only_ours, mut only_theirs) = (Vec::new(), Vec::new());
    compare(&ours(&spans), &theirs(&spans), &mut only_ours, &mut only_theirs);
    assert_eq!(ours(&spans)["http"]["request"]["url"], "https://api.example.test/api/activities/@andrewbrown?limit=3");
    // Theirs orders siblings by `precursor_ids`, although X-Ray has their times, and takes a request's
    // address for a database's.
    only_theirs.retain(|key| key != "precursor_ids" && key != "sql");
    assert_eq!((only_ours, only_theirs), (vec![], Vec::<String>::new()), "both have all other members");
}

#[test]
fn an_error_with_a_backtrace_has_the_same_document_from_both() {
    let mut spans = request();
    let trace = "   0: store::home::page\n             at ./crates/store/src/home.rs:88:13\n   1: api::home::handle\n             at ./crates/api/src/home.rs:31:5\n";
    let attributes = vec![
        KeyValue::new("exception.type", "StoreError::Timeout"),
        KeyValue::new("exception.message", "query took 3 s"),
        KeyValue::new("exception.stacktrace", trace),
    ];
    let at = spans[2].end_time;
    spans[2].events.events.push(Event::new("exception", at, attributes, 0));
    spans[2].status = Status::error("query took 3 s");
    spans[2].attributes[6] = KeyValue::new("http.response.status_code", 503);
    let (ours, theirs) = (ours(&spans), theirs(&spans));
    compare(&ours, &theirs, &mut Vec::new(), &mut Vec::new());
    let call = &ours["subsegments"][0]["subsegments"][0];
    assert_eq!(call["fault"], true);
    assert_eq!(call["cause"]["exceptions"][0]["remote"], true);
    assert_eq!(
        call["cause"]["exceptions"][0]["stack"][0],
        json!({"path": "./crates/store/src/home.rs", "line": 88, "label": "store::home::page"})
    );
}

#[test]
fn throttling_and_client_errors_have_the_same_document_from_both() {
    for (status, flags) in
        [(429, json!([true, true, null])), (404, json!([true, null, null])), (500, json!([null, null, true]))]
    {
        let mut spans = request();
        spans[3].attributes[0] = KeyValue::new("http.response.status_code", status);
        spans[3].status = Status::error("");
        let (ours, theirs) = (ours(&spans), theirs(&spans));
        compare(&ours, &theirs, &mut Vec::new(), &mut Vec::new());
        let call = &ours["subsegments"][1];
        assert_eq!(json!([call["error"], call["throttle"], call["fault"]]), flags, "{status}");
    }
}

#[test]
fn a_source_chain_is_one_exception_per_link() {
    let mut spans = request();
    let causes = Sdk::Array(Array::String(vec!["dispatch failure".into(), "connection reset".into()]));
    let attributes = vec![
        KeyValue::new("exception.type", "StoreError"),
        KeyValue::new("exception.message", "no answer"),
        KeyValue::new("exception.causes", causes),
        KeyValue::new("exception.location", "crates/api/src/serve.rs:31"),
    ];
    let at = spans[0].end_time;
    spans[0].events.events.push(Event::new("exception", at, attributes, 0));
    let document = ours(&spans);
    let exceptions = document["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(
        exceptions.iter().map(|one| &one["message"]).collect::<Vec<_>>(),
        ["no answer", "dispatch failure", "connection reset"]
    );
    assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
    assert_eq!(exceptions[1]["cause"], exceptions[2]["id"]);
    assert_eq!(exceptions[2].get("cause"), None);
    assert_eq!(exceptions[0]["stack"], json!([{"path": "crates/api/src/serve.rs", "line": 31}]));
}

#[test]
fn annotations_are_the_chosen_attributes_and_those_with_the_prefix() {
    let mut spans = request();
    spans[0].attributes.extend([
        KeyValue::new("faas.coldstart", true),
        KeyValue::new("annotation.handle", "andrewbrown"),
        KeyValue::new("annotation.result_length", 1),
        KeyValue::new("annotation.result_length", 3),
        KeyValue::new("annotation.odd.key", "x"),
    ]);
    let document = ours(&spans);
    let expected = json!({"route": "/api/activities/{id}", "cold_start": true, "handle": "andrewbrown", "result_length": 3, "odd_key": "x"});
    assert_eq!(document["annotations"], expected);
    assert_eq!(document["metadata"]["crudder"], json!({"faas.invocation_id": "8f7c2e1a"}));
}
