//! Signatures that the fake computes itself. Python's hmac and hashlib computed the valid one here.

use std::time::{Duration, SystemTime};

use crudder_fakes::{AwsCredentials, Secret, XrayApi, XrayConfig};
use crudder_testing::http::{RawResponse, call};

use crate::support::now;

const BODY: &[u8] = b"{\"TraceSegmentDocuments\": []}";
const VALID: &str = "c28b67911cb1f339cb76048ed82cea09ee52d2b3ac3105bfbf71e62701ea327a";

async fn put(clock: fn() -> SystemTime, id: &str, signature: &str, token: &str, body: &[u8]) -> RawResponse {
    let credentials =
        AwsCredentials { id: "AKIDEXAMPLE".into(), secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") };
    let config = XrayConfig { credentials: Some(credentials), clock, ..XrayConfig::default() };
    let api = XrayApi::start(config).await.unwrap();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/20260921/ca-central-1/xray/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature={signature}"
    );
    let headers = [
        ("content-type", "application/json"),
        ("x-amz-date", "20260921T141320Z"),
        ("x-amz-security-token", token),
        ("authorization", &authorization),
    ];
    call(api.address(), "POST /TraceSegments", &headers, body).await
}

fn status_and_error_type(response: &RawResponse) -> (u16, Option<&str>) {
    (response.status, response.header("x-amzn-errortype"))
}

#[tokio::test]
async fn a_correct_signature_is_accepted() {
    let response = put(now, "AKIDEXAMPLE", VALID, "session", BODY).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn a_signature_of_another_body_token_or_key_is_rejected() {
    let wrong = (403, Some("InvalidSignatureException"));
    let other = put(now, "AKIDEXAMPLE", VALID, "session", b"{\"TraceSegmentDocuments\":[]}").await;
    assert_eq!(status_and_error_type(&other), wrong, "the body lacks a space");
    assert_eq!(status_and_error_type(&put(now, "AKIDEXAMPLE", VALID, "other", BODY).await), wrong);
    assert_eq!(status_and_error_type(&put(now, "AKIDEXAMPLE", &VALID.replace('4', "5"), "session", BODY).await), wrong);
}

#[tokio::test]
async fn an_unknown_access_key_id_is_rejected() {
    let response = put(now, "AKIDUNKNOWN", VALID, "session", BODY).await;
    assert_eq!(status_and_error_type(&response), (403, Some("UnrecognizedClientException")));
}

#[tokio::test]
async fn a_signature_is_valid_for_five_minutes() {
    fn at_the_end() -> SystemTime {
        now() + Duration::from_secs(300)
    }
    fn after() -> SystemTime {
        now() + Duration::from_secs(301)
    }
    assert_eq!(put(at_the_end, "AKIDEXAMPLE", VALID, "session", BODY).await.status, 200);
    let late = put(after, "AKIDEXAMPLE", VALID, "session", BODY).await;
    assert_eq!((late.status, late.json()["message"].as_str()), (403, Some("Signature expired")));
}
