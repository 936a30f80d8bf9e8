//! Tests of the fake of `PutTraceSegments`.

use crudder_fakes::{Fault, Plan, RetryAfter, XrayApi, XrayConfig};
use crudder_testing::http::{RawResponse, call};
use serde_json::{Value, json};

use super::violations;
use crate::support::{TRACE, document, now};

const ID: &str = "1111222233334444";

/// A well-formed signature.
const SIGNED: [(&str, &str); 2] = [
    ("x-amz-date", "20260921T141320Z"),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/ca-central-1/xray/aws4_request, SignedHeaders=host;x-amz-date, \
         Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    ),
];

async fn api() -> XrayApi {
    XrayApi::start(XrayConfig { clock: now, ..XrayConfig::default() }).await.unwrap()
}

async fn put(api: &XrayApi, headers: &[(&str, &str)], documents: &[Value]) -> RawResponse {
    let documents: Vec<_> = documents.iter().map(Value::to_string).collect();
    let body = json!({ "TraceSegmentDocuments": documents }).to_string();
    call(api.address(), "POST /TraceSegments", headers, body.as_bytes()).await
}

#[tokio::test]
async fn valid_documents_are_accepted() {
    let api = api().await;
    let response = put(&api, &SIGNED, &[document(ID)]).await;
    assert_eq!((response.status, response.json()), (200, json!({ "UnprocessedTraceSegments": [] })));
    assert_eq!(api.with_store(|store| store.tree(TRACE.parse().unwrap()).len()), 1);
    assert_eq!(api.with_store(violations), Vec::<&str>::new());
}

#[tokio::test]
async fn a_200_lists_unprocessed_documents() {
    let mut bad = document("2111222233334444");
    bad["trace_id"] = "1-x".into();
    let api = api().await;
    let response = put(&api, &SIGNED, &[bad, document(ID)]).await;
    let unprocessed = &response.json()["UnprocessedTraceSegments"];
    assert_eq!((response.status, unprocessed.as_array().unwrap().len()), (200, 1));
    assert_eq!(
        (&unprocessed[0]["Id"], &unprocessed[0]["ErrorCode"]),
        (&json!("2111222233334444"), &json!("InvalidTraceId"))
    );
    assert_eq!(api.with_store(|store| store.document_count()), 1);
}

#[tokio::test]
async fn a_document_of_more_than_64_kb_is_unprocessed() {
    let mut large = document(ID);
    large["metadata"]["crudder"]["note"] = "x".repeat(65_536).into();
    let response = put(&api().await, &SIGNED, &[large]).await;
    let message = response.json()["UnprocessedTraceSegments"][0]["Message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Trace Size Exceeded"), "{message}");
}

#[tokio::test]
async fn a_call_has_at_most_50_documents() {
    let many: Vec<_> = (0..51).map(|at| document(&format!("{at:016x}"))).collect();
    let response = put(&api().await, &SIGNED, &many).await;
    assert_eq!(
        (response.status, response.json()["message"].as_str()),
        (400, Some("Exceeding maximum segment count: 50"))
    );
    assert_eq!(response.header("x-amzn-errortype"), Some("InvalidRequestException"));
}

#[tokio::test]
async fn a_call_without_a_valid_authorization_header_is_rejected() {
    let modify = |from: &str, to: &str| SIGNED[1].1.replace(from, to);
    for (message, headers) in [
        ("no Authorization header", vec![SIGNED[0]]),
        ("no X-Amz-Date in the format 20260101T000000Z", vec![SIGNED[1]]),
        ("the algorithm is not AWS4-HMAC-SHA256", vec![SIGNED[0], ("authorization", "Bearer x")]),
        ("the credential scope names another service", vec![SIGNED[0], ("authorization", &modify("/xray/", "/s3/"))]),
        (
            "the credential scope has another date than X-Amz-Date",
            vec![SIGNED[0], ("authorization", &modify("/20260921/", "/20260920/"))],
        ),
        ("the signed headers lack host or x-amz-date", vec![SIGNED[0], ("authorization", &modify("host;", ""))]),
        ("the signature does not have 64 hexadecimal digits", vec![SIGNED[0], ("authorization", &modify("5d67", ""))]),
        (
            "the credential scope does not have five parts",
            vec![SIGNED[0], ("authorization", &modify("/aws4_request", ""))],
        ),
    ] {
        let response = put(&api().await, &headers, &[document(ID)]).await;
        assert_eq!((response.status, response.json()["message"].as_str()), (403, Some(message)));
    }
}

#[tokio::test]
async fn a_body_that_is_not_a_list_of_strings_is_rejected() {
    for body in ["", "{}", "{\"TraceSegmentDocuments\":[{}]}"] {
        let response = call(api().await.address(), "POST /TraceSegments", &SIGNED, body.as_bytes()).await;
        assert_eq!(response.status, 400, "{body:?}");
    }
    assert_eq!(call(api().await.address(), "POST /Traces", &SIGNED, b"{}").await.status, 404);
}

#[tokio::test]
async fn injected_faults_have_the_error_types_of_aws() {
    let api = api().await;
    for (fault, status, kind) in [
        (Fault::Throttled(RetryAfter::Absent), 429, "ThrottledException"),
        (Fault::ForbiddenKey, 403, "AccessDeniedException"),
        (Fault::ServerError, 500, "InternalFailure"),
        (Fault::Unavailable(RetryAfter::Absent), 503, "ServiceUnavailable"),
    ] {
        api.faults().inject_next(fault).unwrap();
        let response = put(&api, &SIGNED, &[document(ID)]).await;
        assert_eq!((response.status, response.header("x-amzn-errortype")), (status, Some(kind)));
    }
    assert_eq!(api.with_store(|store| store.document_count()), 0);
}

#[tokio::test]
async fn a_partial_success_leaves_the_first_documents_unprocessed() {
    let api = api().await;
    api.faults().inject_next(Fault::PartialSuccess { rejected: 1, message: "planned".into() }).unwrap();
    let response = put(&api, &SIGNED, &[document(ID), document("2111222233334444")]).await;
    let unprocessed = &response.json()["UnprocessedTraceSegments"];
    assert_eq!(
        (unprocessed.as_array().unwrap().len(), &unprocessed[0]["Id"], &unprocessed[0]["Message"]),
        (1, &json!(ID), &json!("planned"))
    );
    assert_eq!(api.with_store(|store| store.document_count()), 1);
}

#[tokio::test]
async fn a_document_sent_again_after_a_lost_response_is_expected() {
    let api = api().await;
    api.faults().inject_next(Fault::Closed { accept: true }).unwrap();
    let body = json!({ "TraceSegmentDocuments": [document(ID).to_string()] }).to_string();
    let sent = crudder_testing::http::request("POST /TraceSegments", &SIGNED, body.as_bytes());
    crudder_testing::http::exchange(api.address(), &sent).await;
    crudder_testing::http::exchange(api.address(), &sent).await;
    assert_eq!(api.with_store(|store| (store.document_count(), store.unexpected_duplicates())), (2, 0));
    assert_eq!(api.with_store(violations), Vec::<&str>::new());
}

#[tokio::test]
async fn only_the_poisoned_document_is_unprocessed() {
    let api = api().await;
    api.faults().add(Plan::always(Fault::Poisoned { key: String::new(), value: "2111222233334444".into() })).unwrap();
    let response = put(&api, &SIGNED, &[document(ID), document("2111222233334444")]).await;
    let unprocessed = &response.json()["UnprocessedTraceSegments"];
    assert_eq!((unprocessed.as_array().unwrap().len(), &unprocessed[0]["Id"]), (1, &json!("2111222233334444")));
    assert_eq!(api.with_store(|store| store.documents().map(|document| document.id.clone()).collect::<Vec<_>>()), [ID]);
}
