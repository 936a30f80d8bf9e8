//! Tests of the fake of Secrets Manager and SSM.

use crudder_fakes::{Fault, Secret, Secrets, SecretsConfig};
use crudder_testing::http::{RawResponse, call};
use serde_json::{Value, json};

use crate::support::now;

const ARN: &str = "arn:aws:secretsmanager:ca-central-1:123456789012:secret:honeycomb-a1b2c3";
const PARAMETER: &str = "arn:aws:ssm:ca-central-1:123456789012:parameter/crudder/rollbar";

async fn secrets() -> Secrets {
    let config = SecretsConfig {
        credentials: None,
        secrets: vec![(ARN.into(), Secret::new("the-honeycomb-key-of-the-stage"))],
        parameters: vec![(PARAMETER.into(), Secret::new("the-rollbar-token-of-the-stage"))],
        clock: now,
    };
    Secrets::start(config).await.unwrap()
}

async fn ask(secrets: &Secrets, service: &str, target: &str, body: Value) -> RawResponse {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/ca-central-1/{service}/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={}",
        "0".repeat(64)
    );
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-date", "20260921T141320Z"),
        ("x-amz-target", target),
        ("authorization", &authorization),
    ];
    call(secrets.address(), "POST /", &headers, body.to_string().as_bytes()).await
}

async fn secret(secrets: &Secrets, id: &str) -> RawResponse {
    ask(secrets, "secretsmanager", "secretsmanager.GetSecretValue", json!({ "SecretId": id })).await
}

#[tokio::test]
async fn a_secret_is_returned_and_counted() {
    let secrets = secrets().await;
    let response = secret(&secrets, ARN).await;
    assert_eq!(
        (response.status, response.json()["SecretString"].as_str()),
        (200, Some("the-honeycomb-key-of-the-stage"))
    );
    assert_eq!(response.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(secrets.with_store(|store| store.values_returned()), 1);
    assert!(!format!("{secrets:?}").contains("the-honeycomb-key"));
}

#[tokio::test]
async fn a_parameter_is_decrypted_only_on_request() {
    let secrets = secrets().await;
    let get = "AmazonSSM.GetParameter";
    let clear = ask(&secrets, "ssm", get, json!({ "Name": PARAMETER, "WithDecryption": true })).await;
    assert_eq!(clear.json()["Parameter"]["Value"], "the-rollbar-token-of-the-stage");
    let sealed = ask(&secrets, "ssm", get, json!({ "Name": PARAMETER })).await;
    assert_eq!(sealed.status, 200);
    assert_ne!(sealed.json()["Parameter"]["Value"], "the-rollbar-token-of-the-stage");
}

#[tokio::test]
async fn an_unknown_name_is_not_found() {
    let secrets = secrets().await;
    assert_eq!(secret(&secrets, "arn:other").await.json()["__type"], "ResourceNotFoundException");
    let response = ask(&secrets, "ssm", "AmazonSSM.GetParameter", json!({ "Name": "/other" })).await;
    assert_eq!((response.status, response.json()["__type"].as_str()), (400, Some("ParameterNotFound")));
    assert_eq!(secrets.with_store(|store| store.call_log().rejection_count()), 2);
}

#[tokio::test]
async fn an_access_denied_error_names_the_action() {
    let secrets = secrets().await;
    secrets.faults().inject_next(Fault::ForbiddenKey).unwrap();
    let response = secret(&secrets, ARN).await;
    assert_eq!((response.status, response.json()["__type"].as_str()), (400, Some("AccessDeniedException")));
    assert_eq!(response.json()["message"], "User is not authorized to perform: secretsmanager:GetSecretValue");
    assert_eq!(secret(&secrets, ARN).await.status, 200, "the next call is served");
}

#[tokio::test]
async fn unsigned_and_unknown_calls_are_rejected() {
    let secrets = secrets().await;
    let headers = [("x-amz-target", "secretsmanager.GetSecretValue")];
    let response = call(secrets.address(), "POST /", &headers, b"{}").await;
    assert_eq!(response.json()["__type"], "MissingAuthenticationTokenException");
    let response = ask(&secrets, "secretsmanager", "secretsmanager.DeleteSecret", json!({})).await;
    assert_eq!(response.json()["__type"], "UnknownOperationException");
}

#[tokio::test]
async fn a_call_without_a_name_is_rejected() {
    let response = ask(&secrets().await, "ssm", "AmazonSSM.GetParameter", json!({})).await;
    assert_eq!((response.status, response.json()["message"].as_str()), (400, Some("Name is required")));
}
