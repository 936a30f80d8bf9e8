//! Tests of whole events.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::context::resource_id;
use super::input::EventInput;
use super::to_json;

fn input<'a>(headers: &'a HeaderMap, empty: &'a BTreeMap<String, String>) -> EventInput<'a> {
    EventInput {
        stage: "local",
        stage_variables: empty,
        resource: "/api/activities/home",
        variables: empty,
        method: "GET",
        path: "/api/activities/home",
        full_path: "/local/api/activities/home",
        query: &[],
        headers,
        host: "127.0.0.1:3000",
        port: 3000,
        source: [127, 0, 0, 1].into(),
        trace: "Root=1-5759e988-bd862e3fe1be46a994272793",
        claims: None,
        request_id: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        now: UNIX_EPOCH + Duration::from_millis(1_795_376_102_345),
        body: b"",
        binary: false,
    }
}

fn read(input: &EventInput<'_>) -> Value {
    serde_json::from_slice(&to_json(input)).unwrap()
}

#[test]
fn the_whole_event_of_a_minimal_request() {
    let (mut headers, empty) = (HeaderMap::new(), BTreeMap::new());
    headers.insert("user-agent", HeaderValue::from_static("curl/8"));
    headers.insert("connection", HeaderValue::from_static("close"));
    let wanted = json!({
        "resource": "/api/activities/home", "path": "/api/activities/home", "httpMethod": "GET",
        "headers": {
            "Host": "127.0.0.1:3000", "X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Port": "3000", "X-Forwarded-Proto": "http", "user-agent": "curl/8",
        },
        "multiValueHeaders": {
            "Host": ["127.0.0.1:3000"], "X-Amzn-Trace-Id": ["Root=1-5759e988-bd862e3fe1be46a994272793"],
            "X-Forwarded-For": ["127.0.0.1"], "X-Forwarded-Port": ["3000"], "X-Forwarded-Proto": ["http"], "user-agent": ["curl/8"],
        },
        "queryStringParameters": null, "multiValueQueryStringParameters": null, "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "resourceId": resource_id("/api/activities/home"), "resourcePath": "/api/activities/home", "httpMethod": "GET",
            "path": "/local/api/activities/home", "stage": "local", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "extendedRequestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "apiId": "local", "accountId": "123456789012",
            "protocol": "HTTP/1.1", "requestTime": "22/Nov/2026:19:35:02 +0000", "requestTimeEpoch": 1_795_376_102_345_u64,
            "domainName": "127.0.0.1:3000", "domainPrefix": "127",
            "identity": {
                "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                "principalOrgId": null, "sourceIp": "127.0.0.1", "user": null, "userAgent": "curl/8", "userArn": null,
            },
        },
        "body": null, "isBase64Encoded": false,
    });
    assert_eq!(read(&input(&headers, &empty)), wanted);
}

#[test]
fn repeated_headers_and_query_parameters_are_kept_and_the_last_value_counts() {
    let (mut headers, empty) = (HeaderMap::new(), BTreeMap::new());
    headers.append("x-a", HeaderValue::from_static("1"));
    headers.append("x-a", HeaderValue::from_static("2"));
    headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.9"));
    headers.append("x-latin", HeaderValue::from_bytes(b"caf\xe9").unwrap());
    let query = [("a", "1"), ("a", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let event = read(&EventInput { query: &query, ..input(&headers, &empty) });
    assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
    assert_eq!(event["headers"]["x-a"], "2");
    assert_eq!(event["headers"]["X-Forwarded-For"], "10.0.0.9, 127.0.0.1");
    assert_eq!(event["headers"]["x-latin"], "café");
    assert_eq!(event["queryStringParameters"], json!({"a": "2"}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"a": ["1", "2"]}));
}

#[test]
fn a_body_that_is_not_text_is_base64_encoded() {
    let (headers, empty) = (HeaderMap::new(), BTreeMap::new());
    for (body, binary, wanted, encoded) in
        [("ü", false, "ü", false), ("ü", true, "w7w=", true), ("\0", false, "\0", false)]
    {
        let event = read(&EventInput { body: body.as_bytes(), binary, ..input(&headers, &empty) });
        assert_eq!((event["body"].as_str(), event["isBase64Encoded"].as_bool()), (Some(wanted), Some(encoded)));
    }
    let event = read(&EventInput { body: b"\xff\xfe", ..input(&headers, &empty) });
    assert_eq!((event["body"].as_str(), event["isBase64Encoded"].as_bool()), (Some("//4="), Some(true)));
}

#[test]
fn claims_are_in_the_authorizer_context() {
    let (headers, empty) = (HeaderMap::new(), BTreeMap::new());
    let claims = Map::from_iter([("sub".to_owned(), Value::from("s"))]);
    let event = read(&EventInput { claims: Some(&claims), ..input(&headers, &empty) });
    assert_eq!(event["requestContext"]["authorizer"], json!({"claims": {"sub": "s"}}));
}
