//! Calls that Honeycomb rejects by key, encoding or path, and its messages.

use std::io::Write;

use crudder_fakes::{Honeycomb, HoneycombConfig, HoneycombKey, Region};
use crudder_testing::http::{RawResponse, call};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::json;

use super::honeycomb;
use crate::support::{NOW_S, TRACE, batch, honeycomb_key, now, protobuf_headers, span};

const CLASSIC: &str = "0123456789abcdef0123456789abcdef";
const CONFIGURATION: &str = "abcDEF0123456789abcdef";

async fn with_key(key: HoneycombKey) -> Honeycomb {
    Honeycomb::start(HoneycombConfig { keys: vec![key], clock: now, ..HoneycombConfig::default() }).await.unwrap()
}

/// Posts a valid batch as JSON with these headers.
async fn post_json(honeycomb: &Honeycomb, headers: &[(&str, &str)]) -> RawResponse {
    let headers = [&[("content-type", "application/json")], headers].concat();
    call(honeycomb.address(), "POST /v1/traces", &headers, &serde_json::to_vec(&batch(vec![span(1)])).unwrap()).await
}

async fn auth(honeycomb: &Honeycomb, key: &str) -> RawResponse {
    call(honeycomb.address(), "GET /1/auth", &[("x-honeycomb-team", key)], b"").await
}

fn status_and_message(response: &RawResponse) -> (u16, String) {
    (response.status, response.json()["message"].as_str().unwrap_or_default().to_owned())
}

const UNKNOWN: &str = "unknown API key - check your credentials, region, and API URL";

#[tokio::test]
async fn a_call_without_a_key_is_rejected() {
    let response = post_json(&honeycomb().await, &[]).await;
    assert_eq!(status_and_message(&response), (401, "missing 'x-honeycomb-team' header".into()));
}

#[tokio::test]
async fn an_unknown_key_is_rejected_and_logged_redacted() {
    let honeycomb = honeycomb().await;
    let response = post_json(&honeycomb, &[("x-honeycomb-team", "hcaik_unknown00000000abcd")]).await;
    assert_eq!(status_and_message(&response), (401, UNKNOWN.into()));
    let rejection = honeycomb.with_store(|store| store.call_log().rejections().next().cloned()).unwrap();
    assert_eq!((rejection.status, rejection.key.unwrap().as_str().to_owned()), (401, "…abcd".to_owned()));
}

#[tokio::test]
async fn a_key_of_the_other_region_is_unknown() {
    let honeycomb = with_key(HoneycombKey { region: Region::Eu, ..HoneycombKey::local() }).await;
    assert_eq!(
        status_and_message(&post_json(&honeycomb, &[("x-honeycomb-team", &honeycomb_key())]).await),
        (401, UNKNOWN.into())
    );
    assert_eq!(auth(&honeycomb, &honeycomb_key()).await.status, 401);
}

#[tokio::test]
async fn a_disabled_key_is_rejected() {
    let honeycomb = with_key(HoneycombKey { disabled: true, ..HoneycombKey::local() }).await;
    let response = post_json(&honeycomb, &[("x-honeycomb-team", &honeycomb_key())]).await;
    assert_eq!(status_and_message(&response), (401, "attempted to use disabled API key".into()));
}

#[tokio::test]
async fn a_key_without_the_permission_to_send_is_rejected() {
    let honeycomb = with_key(HoneycombKey { may_send: false, ..HoneycombKey::local() }).await;
    assert_eq!(post_json(&honeycomb, &[("x-honeycomb-team", &honeycomb_key())]).await.status, 403);
}

#[tokio::test]
async fn a_classic_key_needs_a_dataset_and_an_environment_key_does_not() {
    let honeycomb = with_key(HoneycombKey::new(CLASSIC)).await;
    let response = post_json(&honeycomb, &[("x-honeycomb-team", CLASSIC)]).await;
    assert_eq!(status_and_message(&response), (401, "missing 'x-honeycomb-dataset' header".into()));
    let named = [("x-honeycomb-team", CLASSIC), ("x-honeycomb-dataset", "crudder")];
    assert_eq!(post_json(&honeycomb, &named).await.status, 200);
}

#[tokio::test]
async fn auth_returns_team_and_environment_of_an_ingest_key() {
    let response = auth(&honeycomb().await, &honeycomb_key()).await;
    let auth = response.json();
    assert_eq!((response.status, auth["type"].as_str()), (200, Some("ingest")));
    assert_eq!(auth["id"], honeycomb_key()[..32], "the id is the half that is not secret");
    assert_eq!(auth["environment"], json!({ "name": "crudder", "slug": "crudder" }));
    assert_eq!(auth["team"]["slug"], "crudder");
    assert_eq!((&auth["api_key_access"]["events"], &auth["api_key_access"]["markers"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn auth_returns_the_permissions_of_a_configuration_key() {
    let honeycomb = with_key(HoneycombKey::new(CONFIGURATION)).await;
    let response = auth(&honeycomb, CONFIGURATION).await;
    assert_eq!(
        (&response.json()["type"], &response.json()["api_key_access"]["markers"]),
        (&json!("configuration"), &json!(true))
    );
    assert!(!response.text().contains(CONFIGURATION));
}

#[tokio::test]
async fn auth_returns_an_empty_environment_for_a_classic_key() {
    let honeycomb = with_key(HoneycombKey::new(CLASSIC)).await;
    assert_eq!(auth(&honeycomb, CLASSIC).await.json()["environment"], json!({ "name": "", "slug": "" }));
}

#[tokio::test]
async fn auth_rejects_an_unknown_key() {
    assert_eq!(auth(&honeycomb().await, "hcaik_unknown").await.status, 401);
}

#[tokio::test]
async fn another_content_type_is_rejected_in_plain_text() {
    let key = honeycomb_key();
    let headers = [("content-type", "text/plain"), ("x-honeycomb-team", key.as_str())];
    let response = call(honeycomb().await.address(), "POST /v1/traces", &headers, b"").await;
    assert_eq!((response.status, response.header("content-type")), (415, Some("text/plain")));
    assert!(response.text().starts_with("unsupported content-type, valid types are:"), "{}", response.text());
}

#[tokio::test]
async fn json_is_accepted_with_hexadecimal_ids_and_answered_in_json() {
    let honeycomb = honeycomb().await;
    let start = (NOW_S * 1_000_000_000).to_string();
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "crudder" } }] },
        "scopeSpans": [{ "scope": { "name": "crudder-api" }, "spans": [{
            "traceId": TRACE, "spanId": "0101010101010101", "name": "GET /api/activities/home", "kind": 2,
            "startTimeUnixNano": start, "endTimeUnixNano": start,
            "attributes": [{ "key": "http.response.status_code", "value": { "intValue": "200" } }],
        }] }],
    }] });
    let key = honeycomb_key();
    let headers = [("content-type", "application/json; charset=utf-8"), ("x-honeycomb-team", key.as_str())];
    let response = call(honeycomb.address(), "POST /v1/traces", &headers, body.to_string().as_bytes()).await;
    assert_eq!((response.status, response.text().as_str()), (200, "{}"));
    assert_eq!(response.header("content-type"), Some("application/json"));
    let trace = honeycomb.with_store(|store| store.trace(TRACE.parse().unwrap())).unwrap();
    assert_eq!(trace.spans[0].attributes["http.response.status_code"], 200);
    assert_eq!(honeycomb.with_store(super::violations), Vec::<&str>::new());
}

#[tokio::test]
async fn gzip_and_zstd_are_decompressed_and_other_encodings_are_rejected() {
    let honeycomb = honeycomb().await;
    let plain = batch(vec![span(1)]).encode_to_vec();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&plain).unwrap();
    let zstd = compress_to_vec(plain.as_slice(), CompressionLevel::Fastest);
    for (encoding, body, status) in [
        ("gzip", gzip.finish().unwrap(), 200),
        ("zstd", zstd, 200),
        ("identity", plain.clone(), 200),
        ("br", plain.clone(), 400),
        ("gzip", plain, 400),
    ] {
        let key = honeycomb_key();
        let headers = [&protobuf_headers(&key)[..], &[("content-encoding", encoding)]].concat();
        let response = call(honeycomb.address(), "POST /v1/traces", &headers, &body).await;
        assert_eq!(response.status, status, "{encoding} of {} bytes", body.len());
    }
    assert_eq!(honeycomb.with_store(|store| store.span_count()), 3);
}

#[tokio::test]
async fn an_unreadable_body_is_rejected_in_the_encoding_of_the_call() {
    let key = honeycomb_key();
    let headers = [("content-type", "application/json"), ("x-honeycomb-team", key.as_str())];
    let response = call(honeycomb().await.address(), "POST /v1/traces", &headers, b"{\"resourceSpans\":[").await;
    assert_eq!(response.json(), json!({ "code": 3, "message": "failed to parse OTLP request body" }));
    assert_eq!(response.status, 400);
}

#[tokio::test]
async fn a_body_over_20_mib_is_truncated_and_fails_to_parse() {
    let honeycomb = honeycomb().await;
    let body = vec![0; 20 * 1024 * 1024 + 1];
    let response = call(honeycomb.address(), "POST /v1/traces", &protobuf_headers(&honeycomb_key()), &body).await;
    assert_eq!(response.status, 400);
    assert_eq!(honeycomb.with_store(|store| store.call_log().rejection_count()), 1);
}

#[tokio::test]
async fn a_body_of_more_than_64_mib_after_decompression_is_rejected() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let zeroes = vec![0; 1024 * 1024];
    for _ in 0..65 {
        gzip.write_all(&zeroes).unwrap();
    }
    let key = honeycomb_key();
    let headers = [&protobuf_headers(&key)[..], &[("content-encoding", "gzip")]].concat();
    let response = call(honeycomb().await.address(), "POST /v1/traces", &headers, &gzip.finish().unwrap()).await;
    assert_eq!(response.status, 413);
}

#[tokio::test]
async fn other_paths_are_not_found_and_other_methods_not_allowed() {
    let honeycomb = honeycomb().await;
    let key = honeycomb_key();
    let headers = [("x-honeycomb-team", key.as_str())];
    assert_eq!(call(honeycomb.address(), "POST /v1/logs", &headers, b"").await.status, 404);
    assert_eq!(call(honeycomb.address(), "GET /v1/traces", &headers, b"").await.status, 405);
    assert_eq!(honeycomb.with_store(|store| store.call_log().rejection_count()), 2);
}

#[tokio::test]
async fn the_oldest_spans_are_evicted() {
    let config = HoneycombConfig { bytes_kept: 20_000, clock: now, ..HoneycombConfig::default() };
    let honeycomb = Honeycomb::start(config).await.unwrap();
    for id in 1..=40 {
        crate::support::post_spans(honeycomb.address(), &batch(vec![span(id)])).await;
    }
    honeycomb.with_store(|store| {
        let stored: Vec<_> = store.spans().map(|span| span.span_id.clone()).collect();
        assert_eq!(stored.len() as u64 + store.evicted_spans(), 40);
        assert!(store.bytes_kept() <= 20_000 && store.evicted_spans() > 0, "{stored:?}");
        assert_eq!(stored.last().unwrap(), "0101010101010128", "the newest span is stored");
        assert_eq!(store.trace(TRACE.parse().unwrap()).unwrap().spans.len(), stored.len());
    });
}
