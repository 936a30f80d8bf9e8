//! `PutTraceSegments`.

use crudder_fakes::{Fault, Plan, RetryAfter, XrayApi, XrayConfig};
use serde_json::{Value, json};

use super::violations;
use crate::support::{Heard, TRACE, call, document, now};

const ID: &str = "1111222233334444";

/// A signature that has the form of one.
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

async fn put(api: &XrayApi, headers: &[(&str, &str)], documents: &[Value]) -> Heard {
    let documents: Vec<_> = documents.iter().map(Value::to_string).collect();
    let body = json!({ "TraceSegmentDocuments": documents }).to_string();
    call(api.address(), "POST /TraceSegments", headers, body.as_bytes()).await
}

#[tokio::test]
async fn documents_are_taken_and_none_is_unprocessed() {
    let api = api().await;
    let heard = put(&api, &SIGNED, &[document(ID)]).await;
    assert_eq!((heard.status, heard.json()), (200, json!({ "UnprocessedTraceSegments": [] })));
    assert_eq!(api.with_store(|store| store.tree(TRACE.parse().unwrap()).len()), 1);
    assert_eq!(api.with_store(violations), Vec::<&str>::new());
}

#[tokio::test]
async fn a_200_may_have_lost_a_document_and_says_which() {
    let mut bad = document("2111222233334444");
    bad["trace_id"] = "1-x".into();
    let api = api().await;
    let heard = put(&api, &SIGNED, &[bad, document(ID)]).await;
    let lost = &heard.json()["UnprocessedTraceSegments"];
    assert_eq!((heard.status, lost.as_array().unwrap().len()), (200, 1));
    assert_eq!((&lost[0]["Id"], &lost[0]["ErrorCode"]), (&json!("2111222233334444"), &json!("InvalidTraceId")));
    assert_eq!(api.with_store(|store| store.document_count()), 1);
}

#[tokio::test]
async fn a_document_of_more_than_64_kb_is_unprocessed() {
    let mut large = document(ID);
    large["metadata"]["crudder"]["note"] = "x".repeat(65_536).into();
    let heard = put(&api().await, &SIGNED, &[large]).await;
    let said = heard.json()["UnprocessedTraceSegments"][0]["Message"].as_str().unwrap().to_owned();
    assert!(said.starts_with("Trace Size Exceeded"), "{said}");
}

#[tokio::test]
async fn a_call_has_at_most_50_documents() {
    let many: Vec<_> = (0..51).map(|at| document(&format!("{at:016x}"))).collect();
    let heard = put(&api().await, &SIGNED, &many).await;
    assert_eq!((heard.status, heard.json()["message"].as_str()), (400, Some("Exceeding maximum segment count: 50")));
    assert_eq!(heard.header("x-amzn-errortype"), Some("InvalidRequestException"));
}

#[tokio::test]
async fn a_call_is_signed() {
    let spoil = |from: &str, to: &str| SIGNED[1].1.replace(from, to);
    for (flaw, headers) in [
        ("no Authorization header", vec![SIGNED[0]]),
        ("no X-Amz-Date of the form 20260101T000000Z", vec![SIGNED[1]]),
        ("not AWS4-HMAC-SHA256", vec![SIGNED[0], ("authorization", "Bearer x")]),
        ("the credential is for another service", vec![SIGNED[0], ("authorization", &spoil("/xray/", "/s3/"))]),
        (
            "the credential is of another day than X-Amz-Date",
            vec![SIGNED[0], ("authorization", &spoil("/20260921/", "/20260920/"))],
        ),
        ("host and x-amz-date are not signed", vec![SIGNED[0], ("authorization", &spoil("host;", ""))]),
        ("the signature has not 64 hexadecimal digits", vec![SIGNED[0], ("authorization", &spoil("5d67", ""))]),
        ("the credential has no scope of five parts", vec![SIGNED[0], ("authorization", &spoil("/aws4_request", ""))]),
    ] {
        let heard = put(&api().await, &headers, &[document(ID)]).await;
        assert_eq!((heard.status, heard.json()["message"].as_str()), (403, Some(flaw)));
    }
}

#[tokio::test]
async fn what_is_no_list_of_texts_is_refused() {
    for body in ["", "{}", "{\"TraceSegmentDocuments\":[{}]}"] {
        let heard = call(api().await.address(), "POST /TraceSegments", &SIGNED, body.as_bytes()).await;
        assert_eq!(heard.status, 400, "{body:?}");
    }
    assert_eq!(call(api().await.address(), "POST /Traces", &SIGNED, b"{}").await.status, 404);
}

#[tokio::test]
async fn planned_faults_come_in_the_words_of_aws() {
    let api = api().await;
    for (fault, status, kind) in [
        (Fault::Throttled(RetryAfter::Absent), 429, "ThrottledException"),
        (Fault::ForbiddenKey, 403, "AccessDeniedException"),
        (Fault::ServerError, 500, "InternalFailure"),
        (Fault::Unavailable(RetryAfter::Absent), 503, "ServiceUnavailable"),
    ] {
        api.faults().inject_next(fault).unwrap();
        let heard = put(&api, &SIGNED, &[document(ID)]).await;
        assert_eq!((heard.status, heard.header("x-amzn-errortype")), (status, Some(kind)));
    }
    assert_eq!(api.with_store(|store| store.document_count()), 0);
}

#[tokio::test]
async fn a_partial_success_leaves_the_first_documents_unprocessed() {
    let api = api().await;
    api.faults().inject_next(Fault::PartialSuccess { rejected: 1, message: "planned".into() }).unwrap();
    let heard = put(&api, &SIGNED, &[document(ID), document("2111222233334444")]).await;
    let lost = &heard.json()["UnprocessedTraceSegments"];
    assert_eq!(
        (lost.as_array().unwrap().len(), &lost[0]["Id"], &lost[0]["Message"]),
        (1, &json!(ID), &json!("planned"))
    );
    assert_eq!(api.with_store(|store| store.document_count()), 1);
}

#[tokio::test]
async fn a_document_that_comes_again_after_a_lost_answer_is_excused() {
    let api = api().await;
    api.faults().inject_next(Fault::Closed { accept: true }).unwrap();
    let body = json!({ "TraceSegmentDocuments": [document(ID).to_string()] }).to_string();
    let sent = crate::support::request("POST /TraceSegments", &SIGNED, body.as_bytes());
    crate::support::exchange(api.address(), &sent).await;
    crate::support::exchange(api.address(), &sent).await;
    assert_eq!(api.with_store(|store| (store.document_count(), store.unexpected_duplicates())), (2, 0));
    assert_eq!(api.with_store(violations), Vec::<&str>::new());
}

#[tokio::test]
async fn a_poisoned_document_comes_back_and_spoils_no_other() {
    let api = api().await;
    api.faults().add(Plan::always(Fault::Poisoned { key: String::new(), value: "2111222233334444".into() })).unwrap();
    let heard = put(&api, &SIGNED, &[document(ID), document("2111222233334444")]).await;
    let lost = &heard.json()["UnprocessedTraceSegments"];
    assert_eq!((lost.as_array().unwrap().len(), &lost[0]["Id"]), (1, &json!("2111222233334444")));
    assert_eq!(api.with_store(|store| store.documents().map(|document| document.id.clone()).collect::<Vec<_>>()), [ID]);
}
