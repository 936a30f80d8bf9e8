//! Signatures that are reckoned again. The right one here was reckoned by Python's hmac and hashlib.

use std::time::{Duration, SystemTime};

use crudder_fakes::{AwsCredentials, Secret, XrayApi, XrayConfig};

use crate::support::{Heard, call, now};

const BODY: &[u8] = b"{\"TraceSegmentDocuments\": []}";
const RIGHT: &str = "4d0b0fa370dee8ce829c1bc572407f98bdb908e904616660e5286f579a47e639";

async fn put(clock: fn() -> SystemTime, id: &str, signature: &str, token: &str, body: &[u8]) -> Heard {
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

fn refusal(heard: &Heard) -> (u16, Option<&str>) {
    (heard.status, heard.header("x-amzn-errortype"))
}

#[tokio::test]
async fn a_right_signature_is_taken() {
    let heard = put(now, "AKIDEXAMPLE", RIGHT, "session", BODY).await;
    assert_eq!(heard.status, 200, "{}", heard.text());
}

#[tokio::test]
async fn a_signature_of_another_body_token_or_key_is_refused() {
    let wrong = (403, Some("InvalidSignatureException"));
    let other = put(now, "AKIDEXAMPLE", RIGHT, "session", b"{\"TraceSegmentDocuments\":[]}").await;
    assert_eq!(refusal(&other), wrong, "one space less");
    assert_eq!(refusal(&put(now, "AKIDEXAMPLE", RIGHT, "other", BODY).await), wrong);
    assert_eq!(refusal(&put(now, "AKIDEXAMPLE", &RIGHT.replace('4', "5"), "session", BODY).await), wrong);
}

#[tokio::test]
async fn an_unknown_id_is_refused() {
    let heard = put(now, "AKIDUNKNOWN", RIGHT, "session", BODY).await;
    assert_eq!(refusal(&heard), (403, Some("UnrecognizedClientException")));
}

#[tokio::test]
async fn a_signature_is_good_for_five_minutes() {
    fn at_the_end() -> SystemTime {
        now() + Duration::from_secs(300)
    }
    fn after() -> SystemTime {
        now() + Duration::from_secs(301)
    }
    assert_eq!(put(at_the_end, "AKIDEXAMPLE", RIGHT, "session", BODY).await.status, 200);
    let late = put(after, "AKIDEXAMPLE", RIGHT, "session", BODY).await;
    assert_eq!((late.status, late.json()["message"].as_str()), (403, Some("Signature expired")));
}
