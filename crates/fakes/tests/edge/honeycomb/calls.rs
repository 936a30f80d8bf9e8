//! Keys, encodings and paths: what is refused, and in which words.

use std::io::Write;

use crudder_fakes::{Honeycomb, HoneycombConfig, HoneycombKey, Region};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::json;

use super::honeycomb;
use crate::support::{Heard, NOW_S, TRACE, batch, call, honeycomb_key, now, protobuf_headers, span};

const CLASSIC: &str = "0123456789abcdef0123456789abcdef";
const CONFIGURATION: &str = "abcDEF0123456789abcdef";

async fn with_key(key: HoneycombKey) -> Honeycomb {
    Honeycomb::start(HoneycombConfig { keys: vec![key], clock: now, ..HoneycombConfig::default() }).await.unwrap()
}

/// Posts a good batch as JSON under these headers.
async fn post_json(honeycomb: &Honeycomb, headers: &[(&str, &str)]) -> Heard {
    let headers = [&[("content-type", "application/json")], headers].concat();
    call(honeycomb.address(), "POST /v1/traces", &headers, &serde_json::to_vec(&batch(vec![span(1)])).unwrap()).await
}

async fn auth(honeycomb: &Honeycomb, key: &str) -> Heard {
    call(honeycomb.address(), "GET /1/auth", &[("x-honeycomb-team", key)], b"").await
}

fn told(heard: &Heard) -> (u16, String) {
    (heard.status, heard.json()["message"].as_str().unwrap_or_default().to_owned())
}

const UNKNOWN: &str = "unknown API key - check your credentials, region, and API URL";

#[tokio::test]
async fn a_call_without_a_key_is_refused() {
    let heard = post_json(&honeycomb().await, &[]).await;
    assert_eq!(told(&heard), (401, "missing 'x-honeycomb-team' header".into()));
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_its_mark_kept() {
    let honeycomb = honeycomb().await;
    let heard = post_json(&honeycomb, &[("x-honeycomb-team", "hcaik_unknown00000000abcd")]).await;
    assert_eq!(told(&heard), (401, UNKNOWN.into()));
    let rejection = honeycomb.with_store(|store| store.call_log().rejections().next().cloned()).unwrap();
    assert_eq!((rejection.status, rejection.key.unwrap().text().to_owned()), (401, "…abcd".to_owned()));
}

#[tokio::test]
async fn a_key_of_the_other_region_is_unknown_here() {
    let honeycomb = with_key(HoneycombKey { region: Region::Eu, ..HoneycombKey::local() }).await;
    assert_eq!(told(&post_json(&honeycomb, &[("x-honeycomb-team", &honeycomb_key())]).await), (401, UNKNOWN.into()));
    assert_eq!(auth(&honeycomb, &honeycomb_key()).await.status, 401);
}

#[tokio::test]
async fn a_disabled_key_is_told_so() {
    let honeycomb = with_key(HoneycombKey { disabled: true, ..HoneycombKey::local() }).await;
    let heard = post_json(&honeycomb, &[("x-honeycomb-team", &honeycomb_key())]).await;
    assert_eq!(told(&heard), (401, "attempted to use disabled API key".into()));
}

#[tokio::test]
async fn a_key_that_may_not_send_is_told_so() {
    let honeycomb = with_key(HoneycombKey { may_send: false, ..HoneycombKey::local() }).await;
    assert_eq!(post_json(&honeycomb, &[("x-honeycomb-team", &honeycomb_key())]).await.status, 403);
}

#[tokio::test]
async fn a_classic_key_needs_a_dataset_and_an_environments_key_does_not() {
    let honeycomb = with_key(HoneycombKey::new(CLASSIC)).await;
    let heard = post_json(&honeycomb, &[("x-honeycomb-team", CLASSIC)]).await;
    assert_eq!(told(&heard), (401, "missing 'x-honeycomb-dataset' header".into()));
    let named = [("x-honeycomb-team", CLASSIC), ("x-honeycomb-dataset", "crudder")];
    assert_eq!(post_json(&honeycomb, &named).await.status, 200);
}

#[tokio::test]
async fn an_ingest_key_tells_its_team_and_environment() {
    let heard = auth(&honeycomb().await, &honeycomb_key()).await;
    let told = heard.json();
    assert_eq!((heard.status, told["type"].as_str()), (200, Some("ingest")));
    assert_eq!(told["id"], honeycomb_key()[..32], "the id is the half that is no secret");
    assert_eq!(told["environment"], json!({ "name": "crudder", "slug": "crudder" }));
    assert_eq!(told["team"]["slug"], "crudder");
    assert_eq!((&told["api_key_access"]["events"], &told["api_key_access"]["markers"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_configuration_key_tells_that_it_manages() {
    let honeycomb = with_key(HoneycombKey::new(CONFIGURATION)).await;
    let heard = auth(&honeycomb, CONFIGURATION).await;
    assert_eq!(
        (&heard.json()["type"], &heard.json()["api_key_access"]["markers"]),
        (&json!("configuration"), &json!(true))
    );
    assert!(!heard.text().contains(CONFIGURATION));
}

#[tokio::test]
async fn a_classic_key_has_an_environment_without_a_name() {
    let honeycomb = with_key(HoneycombKey::new(CLASSIC)).await;
    assert_eq!(auth(&honeycomb, CLASSIC).await.json()["environment"], json!({ "name": "", "slug": "" }));
}

#[tokio::test]
async fn an_unknown_key_is_told_nothing() {
    assert_eq!(auth(&honeycomb().await, "hcaik_unknown").await.status, 401);
}

#[tokio::test]
async fn another_content_type_is_refused_in_plain_text() {
    let key = honeycomb_key();
    let headers = [("content-type", "text/plain"), ("x-honeycomb-team", key.as_str())];
    let heard = call(honeycomb().await.address(), "POST /v1/traces", &headers, b"").await;
    assert_eq!((heard.status, heard.header("content-type")), (415, Some("text/plain")));
    assert!(heard.text().starts_with("unsupported content-type, valid types are:"), "{}", heard.text());
}

#[tokio::test]
async fn json_is_taken_with_ids_in_hexadecimal_and_answered_in_json() {
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
    let heard = call(honeycomb.address(), "POST /v1/traces", &headers, body.to_string().as_bytes()).await;
    assert_eq!((heard.status, heard.text().as_str()), (200, "{}"));
    assert_eq!(heard.header("content-type"), Some("application/json"));
    let trace = honeycomb.with_store(|store| store.trace(TRACE.parse().unwrap())).unwrap();
    assert_eq!(trace.spans[0].attributes["http.response.status_code"], 200);
    assert_eq!(honeycomb.with_store(super::violations), Vec::<&str>::new());
}

#[tokio::test]
async fn gzip_and_zstd_are_unpacked_and_other_packings_are_not_read() {
    let honeycomb = honeycomb().await;
    let plain = batch(vec![span(1)]).encode_to_vec();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&plain).unwrap();
    let zstd = compress_to_vec(plain.as_slice(), CompressionLevel::Fastest);
    for (packing, body, status) in [
        ("gzip", gzip.finish().unwrap(), 200),
        ("zstd", zstd, 200),
        ("identity", plain.clone(), 200),
        ("br", plain.clone(), 400),
        ("gzip", plain, 400),
    ] {
        let key = honeycomb_key();
        let headers = [&protobuf_headers(&key)[..], &[("content-encoding", packing)]].concat();
        let heard = call(honeycomb.address(), "POST /v1/traces", &headers, &body).await;
        assert_eq!(heard.status, status, "{packing} of {} bytes", body.len());
    }
    assert_eq!(honeycomb.with_store(|store| store.span_count()), 3);
}

#[tokio::test]
async fn what_cannot_be_parsed_is_refused_in_the_encoding_of_the_call() {
    let key = honeycomb_key();
    let headers = [("content-type", "application/json"), ("x-honeycomb-team", key.as_str())];
    let heard = call(honeycomb().await.address(), "POST /v1/traces", &headers, b"{\"resourceSpans\":[").await;
    assert_eq!(heard.json(), json!({ "code": 3, "message": "failed to parse OTLP request body" }));
    assert_eq!(heard.status, 400);
}

#[tokio::test]
async fn a_body_over_20_mib_is_cut_and_fails_to_parse() {
    let honeycomb = honeycomb().await;
    let body = vec![0; 20 * 1024 * 1024 + 1];
    let heard = call(honeycomb.address(), "POST /v1/traces", &protobuf_headers(&honeycomb_key()), &body).await;
    assert_eq!(heard.status, 400);
    assert_eq!(honeycomb.with_store(|store| store.call_log().rejection_count()), 1);
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_more_than_64_mib_is_refused() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let zeroes = vec![0; 1024 * 1024];
    for _ in 0..65 {
        gzip.write_all(&zeroes).unwrap();
    }
    let key = honeycomb_key();
    let headers = [&protobuf_headers(&key)[..], &[("content-encoding", "gzip")]].concat();
    let heard = call(honeycomb().await.address(), "POST /v1/traces", &headers, &gzip.finish().unwrap()).await;
    assert_eq!(heard.status, 413);
}

#[tokio::test]
async fn logs_are_refused_honestly_and_other_methods_too() {
    let honeycomb = honeycomb().await;
    let key = honeycomb_key();
    let headers = [("x-honeycomb-team", key.as_str())];
    assert_eq!(call(honeycomb.address(), "POST /v1/logs", &headers, b"").await.status, 404);
    assert_eq!(call(honeycomb.address(), "GET /v1/traces", &headers, b"").await.status, 405);
    assert_eq!(honeycomb.with_store(|store| store.call_log().rejection_count()), 2);
}

#[tokio::test]
async fn the_oldest_spans_make_room() {
    let config = HoneycombConfig { bytes_kept: 20_000, clock: now, ..HoneycombConfig::default() };
    let honeycomb = Honeycomb::start(config).await.unwrap();
    for id in 1..=40 {
        crate::support::post_spans(honeycomb.address(), &batch(vec![span(id)])).await;
    }
    honeycomb.with_store(|store| {
        let kept: Vec<_> = store.spans().map(|span| span.span_id.clone()).collect();
        assert_eq!(kept.len() as u64 + store.evicted_spans(), 40);
        assert!(store.bytes_kept() <= 20_000 && store.evicted_spans() > 0, "{kept:?}");
        assert_eq!(kept.last().unwrap(), "0101010101010128", "the newest stays");
        assert_eq!(store.trace(TRACE.parse().unwrap()).unwrap().spans.len(), kept.len());
    });
}
