//! Test support: deliveries without violations.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_fakes::{HoneycombKey, RollbarToken};
use crudder_testing::http::{RawResponse, call};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::json;

pub(crate) const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

/// The time of the fakes' clock, in seconds since 1970.
pub(crate) const NOW_S: u64 = 1_790_000_000;

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW_S)
}

pub(crate) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.into()))
}

/// Returns a span without violations. `id` is the last byte of its span id.
pub(crate) fn span(id: u8) -> Span {
    let start = NOW_S * 1_000_000_000;
    Span {
        trace_id: (0..16).map(|at| u8::from_str_radix(&TRACE[at * 2..at * 2 + 2], 16).unwrap()).collect(),
        span_id: vec![1, 1, 1, 1, 1, 1, 1, id],
        parent_span_id: if id == 1 { Vec::new() } else { vec![1, 1, 1, 1, 1, 1, 1, 1] },
        name: "GET /api/activities/home".into(),
        kind: 2,
        start_time_unix_nano: start + u64::from(id),
        end_time_unix_nano: start + 8_000_000,
        attributes: vec![
            text("http.route", "/api/activities/home"),
            pair("http.response.status_code", Value::IntValue(200)),
            pair("faas.coldstart", Value::BoolValue(true)),
        ],
        ..Default::default()
    }
}

pub(crate) fn batch(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: vec![text("service.name", "crudder")], ..Default::default() };
    let scope = InstrumentationScope { name: "crudder-api".into(), ..Default::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }],
            ..Default::default()
        }],
    }
}

pub(crate) fn honeycomb_key() -> String {
    HoneycombKey::local().text.reveal().to_owned()
}

pub(crate) fn rollbar_token() -> String {
    RollbarToken::local().text.reveal().to_owned()
}

/// Posts a batch as protobuf with the local key.
pub(crate) async fn post_spans(address: std::net::SocketAddr, batch: &ExportTraceServiceRequest) -> RawResponse {
    call(address, "POST /v1/traces", &protobuf_headers(&honeycomb_key()), &batch.encode_to_vec()).await
}

pub(crate) fn protobuf_headers(key: &str) -> [(&'static str, &str); 2] {
    [("content-type", "application/x-protobuf"), ("x-honeycomb-team", key)]
}

/// Returns an item without violations.
pub(crate) fn item(uuid: &str) -> serde_json::Value {
    json!({ "data": {
        "environment": "local", "level": "error", "timestamp": NOW_S, "uuid": uuid, "language": "rust",
        "framework": "aws-lambda", "context": "POST /api/activities",
        "server": { "host": "create-activity" }, "person": { "id": "u-17", "username": "andrew" },
        "custom": { "trace_id": TRACE },
        "body": { "trace_chain": [
            { "exception": { "class": "StoreError::Timeout", "message": "query took 3 s" },
              "frames": [{ "filename": "crates/store/src/home.rs", "lineno": 88, "method": "store::home::page" }] },
            { "exception": { "class": "DispatchFailure", "message": "connection reset" }, "frames": [] },
        ] },
        "notifier": { "name": "crudder-extension", "version": "0.1.0" },
    } })
}

/// Returns an independent subsegment without violations.
pub(crate) fn document(id: &str) -> serde_json::Value {
    json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": id, "parent_id": "aaaabbbbccccdddd",
        "type": "subsegment", "name": "home-activities", "start_time": 1_790_000_000.123_456,
        "end_time": 1_790_000_000.131_901, "annotations": { "route": "/api/activities/home", "result_length": 3 },
        "metadata": { "crudder": { "app.now": "2026-09-21T14:13:20Z" } },
        "subsegments": [{
            "id": "5555666677778888", "name": "DynamoDB", "namespace": "aws", "start_time": 1_790_000_000.124_1,
            "end_time": 1_790_000_000.130_2, "http": { "response": { "status": 200, "content_length": 812 } },
            "aws": { "operation": "Query", "table_name": "crudder", "region": "ca-central-1", "request_id": "ABC" },
        }],
    })
}
