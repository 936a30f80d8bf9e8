//! Tests of the fake of the AWS APIs.

use crudder_fakes::{Aws, AwsConfig};
use crudder_testing::http::{RawResponse, call};
use serde_json::{Value, json};

use crate::support::now;

const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

async fn aws(modify: impl FnOnce(&mut AwsConfig)) -> Aws {
    let mut config = AwsConfig { clock: now, ..AwsConfig::default() };
    modify(&mut config);
    Aws::start(config).await.unwrap()
}

/// Makes a call with a well-formed signature for this service.
async fn ask(aws: &Aws, service: &str, line: &str, target: &str, body: &str) -> RawResponse {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/us-east-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        "0".repeat(64)
    );
    let headers = [("x-amz-date", "20260921T141320Z"), ("x-amz-target", target), ("authorization", &authorization)];
    call(aws.address(), line, &headers, body.as_bytes()).await
}

async fn traces(aws: &Aws) -> Value {
    ask(aws, "xray", "POST /Traces", "", &json!({ "TraceIds": [TRACE] }).to_string()).await.json()
}

async fn request(aws: &Aws) -> RawResponse {
    let header = format!("Root={TRACE};Sampled=1");
    call(aws.address(), "GET /dev/api/activities/home", &[("x-amzn-trace-id", &header)], b"").await
}

#[tokio::test]
async fn a_request_to_the_stage_becomes_a_trace_of_documents_as_strings() {
    let aws = aws(|_| ()).await;
    assert_eq!(traces(&aws).await["Traces"], json!([]), "before the request");
    let response = request(&aws).await;
    assert_eq!((response.status, response.header("x-amzn-trace-id")), (200, Some(format!("Root={TRACE}").as_str())));
    let found = traces(&aws).await;
    let document = found["Traces"][0]["Segments"][0]["Document"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(document).unwrap()["name"], "crudder/dev");
}

#[tokio::test]
async fn a_trace_can_be_late_partial_or_not_indexed() {
    let late = aws(|aws| (aws.empty_reads, aws.partial_reads) = (1, 1)).await;
    request(&late).await;
    let count = |found: Value| found["Traces"][0]["Segments"].as_array().map_or(0, Vec::len);
    let counts = [count(traces(&late).await), count(traces(&late).await), count(traces(&late).await)];
    assert_eq!(counts, [0, 3, 4]);
    let hidden = aws(|aws| aws.transaction_search = Some(1.0)).await;
    request(&hidden).await;
    assert_eq!(count(traces(&hidden).await), 0);
}

#[tokio::test]
async fn calls_need_a_signature_for_their_service_and_a_permission() {
    let aws = aws(|aws| aws.denied = vec!["xray:GetGroups"]).await;
    let unsigned = call(aws.address(), "POST /Groups", &[], b"{}").await;
    assert_eq!(unsigned.status, 403);
    assert_eq!(ask(&aws, "logs", "POST /Groups", "", "{}").await.status, 403);
    let denied = ask(&aws, "xray", "POST /Groups", "", "{}").await;
    assert_eq!((denied.status, denied.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    assert_eq!(ask(&aws, "xray", "POST /Nothing", "", "{}").await.status, 404);
    assert_eq!(aws.with_store(|store| store.call_count("xray:GetGroups")), 3);
}

#[tokio::test]
async fn each_service_has_its_own_throttling_error() {
    let actions = ["xray:GetGroups", "logs:DescribeLogGroups", "cloudformation:DescribeStacks", "apigateway:GET"];
    let aws = aws(|aws| aws.throttled = actions.map(|action| (action, 1)).into()).await;
    let status_and_text = |response: RawResponse| (response.status, response.text());
    let (status, text) = status_and_text(ask(&aws, "xray", "POST /Groups", "", "{}").await);
    assert!(status == 429 && text.contains("ThrottledException"), "{text}");
    let (status, text) = status_and_text(ask(&aws, "logs", "POST /", "Logs_20140328.DescribeLogGroups", "{}").await);
    assert!(status == 400 && text.contains("ThrottlingException"), "{text}");
    let body = "Action=DescribeStacks&Version=2010-05-15&StackName=crudder%2Ddev";
    let (status, text) = status_and_text(ask(&aws, "cloudformation", "POST /", "", body).await);
    assert!(status == 400 && text.contains("<Code>Throttling</Code>"), "{text}");
    let (status, text) = status_and_text(ask(&aws, "apigateway", "GET /account", "", "").await);
    assert!(status == 429 && text.contains("TooManyRequestsException"), "{text}");
    assert_eq!(ask(&aws, "cloudformation", "POST /", "", body).await.status, 200, "only the first call is throttled");
}

#[tokio::test]
async fn lists_have_pages() {
    let aws = aws(|_| ()).await;
    let page = |next: Option<&str>| {
        let mut body = json!({ "logGroupNamePrefix": "/crudder/dev/" });
        next.into_iter().for_each(|next| body["nextToken"] = json!(next));
        body.to_string()
    };
    let target = "Logs_20140328.DescribeLogGroups";
    let first = ask(&aws, "logs", "POST /", target, &page(None)).await.json();
    assert_eq!(first["logGroups"].as_array().map(Vec::len), Some(1));
    let second = ask(&aws, "logs", "POST /", target, &page(first["nextToken"].as_str())).await.json();
    assert_ne!(first["logGroups"], second["logGroups"]);
    let body = "Action=ListStackResources&Version=2010-05-15&StackName=crudder%2Ddev";
    let listed = ask(&aws, "cloudformation", "POST /", "", body).await.text();
    assert!(listed.matches("<member>").count() == 2 && listed.contains("<NextToken>2</NextToken>"), "{listed}");
}
