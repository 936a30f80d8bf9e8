//! The REST proxy event, version 1.0: what a function is told of a request.
//! Source of the form: "Input format of a Lambda function for proxy integration" in the API Gateway developer guide.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::template::ACCOUNT;

/// Headers of one hop, which API Gateway does not hand on.
const HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What the gateway says itself, whatever the client said of it.
const OURS: [&str; 5] = ["host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"];

/// A request as far as the event needs it.
pub(super) struct Asked<'a> {
    pub(super) stage: &'a str,
    pub(super) stage_variables: &'a BTreeMap<String, String>,
    pub(super) resource: &'a str,
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) method: &'a str,
    /// The path without the stage, as it was sent.
    pub(super) path: &'a str,
    /// The path with the stage, where it was asked with it.
    pub(super) full_path: &'a str,
    pub(super) query: &'a [(String, String)],
    pub(super) headers: &'a HeaderMap,
    pub(super) host: &'a str,
    /// The gateway's port.
    pub(super) port: u16,
    pub(super) source: std::net::IpAddr,
    pub(super) trace: &'a str,
    pub(super) claims: Option<&'a Map<String, Value>>,
    pub(super) request_id: &'a str,
    pub(super) now: SystemTime,
    pub(super) body: &'a [u8],
    /// Whether the template's `BinaryMediaTypes` cover the request's type.
    pub(super) binary: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, Vec<String>>,
    query_string_parameters: Option<BTreeMap<&'a str, &'a str>>,
    multi_value_query_string_parameters: Option<BTreeMap<&'a str, Vec<&'a str>>>,
    path_parameters: Option<&'a BTreeMap<String, String>>,
    stage_variables: Option<&'a BTreeMap<String, String>>,
    request_context: Value,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// The event as JSON. Parts that the request does not have are null, as API Gateway sends them.
pub(super) fn event(asked: &Asked<'_>) -> Vec<u8> {
    let multi_value_headers = headers(asked);
    let last = |values: &Vec<String>| values.last().cloned().unwrap_or_default();
    let mut query: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in asked.query {
        query.entry(name).or_default().push(value);
    }
    let (body, is_base64_encoded) = body(asked);
    let event = Event {
        resource: asked.resource,
        path: asked.path,
        http_method: asked.method,
        headers: multi_value_headers.iter().map(|(name, values)| (name.clone(), last(values))).collect(),
        multi_value_headers,
        query_string_parameters: present(
            asked.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        ),
        multi_value_query_string_parameters: present(query),
        path_parameters: Some(asked.variables).filter(|variables| !variables.is_empty()),
        stage_variables: Some(asked.stage_variables).filter(|variables| !variables.is_empty()),
        request_context: context(asked),
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&event).expect("maps with string keys and strings are always JSON")
}

fn present<V>(pairs: BTreeMap<&str, V>) -> Option<BTreeMap<&str, V>> {
    Some(pairs).filter(|pairs| !pairs.is_empty())
}

/// API Gateway spells its own headers in capitals, and hands the client's on in the spelling of their connection; ours is always small.
fn headers(asked: &Asked<'_>) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in asked.headers {
        if !HOP.contains(name) && !OURS.contains(&name.as_str()) {
            all.entry(name.as_str().to_owned()).or_default().push(text(value.as_bytes()));
        }
    }
    // Each gateway on the way adds itself at the end, so what a client forged stands before the truth.
    let forwarded = asked.headers.get_all("x-forwarded-for").iter().map(|value| text(value.as_bytes()));
    let forwarded: Vec<String> = forwarded.chain([asked.source.to_string()]).collect();
    for (name, value) in [
        ("Host", asked.host.to_owned()),
        ("X-Amzn-Trace-Id", asked.trace.to_owned()),
        ("X-Forwarded-For", forwarded.join(", ")),
        ("X-Forwarded-Port", asked.port.to_string()),
        ("X-Forwarded-Proto", "http".to_owned()),
    ] {
        all.insert(name.to_owned(), vec![value]);
    }
    all
}

/// A header may hold bytes that are no UTF-8: each is then one letter of Latin-1, which is what HTTP once said of them.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

fn context(asked: &Asked<'_>) -> Value {
    let agent = asked.headers.get(header::USER_AGENT).map(|value| text(value.as_bytes()));
    let since = asked.now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let mut context = json!({
        "resourceId": resource_id(asked.resource),
        "resourcePath": asked.resource,
        "httpMethod": asked.method,
        "path": asked.full_path,
        "stage": asked.stage,
        "requestId": asked.request_id,
        "extendedRequestId": asked.request_id,
        "apiId": "local",
        "accountId": ACCOUNT,
        "protocol": "HTTP/1.1",
        "requestTime": request_time(asked.now),
        "requestTimeEpoch": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        "domainName": asked.host,
        "domainPrefix": asked.host.split('.').next(),
        "identity": {
            "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
            "principalOrgId": null, "sourceIp": asked.source, "user": null, "userAgent": agent, "userArn": null,
        },
    });
    if let Some(claims) = asked.claims {
        context["authorizer"] = json!({ "claims": claims });
    }
    context
}

/// Six letters that stay the same for a path, as an id of API Gateway's does.
fn resource_id(path: &str) -> String {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, path.as_bytes()).simple().to_string();
    id[..6].to_owned()
}

/// `22/Nov/2026:19:30:00 +0000`, the form of Common Log Format.
fn request_time(now: SystemTime) -> String {
    let form = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    OffsetDateTime::from(now).format(form).unwrap_or_default()
}

/// The body as text, or as base64 where it is binary or no text at all; null where there is none.
fn body(asked: &Asked<'_>) -> (Option<String>, bool) {
    match std::str::from_utf8(asked.body) {
        _ if asked.body.is_empty() => (None, false),
        Ok(text) if !asked.binary => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(asked.body)), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn asked<'a>(headers: &'a HeaderMap, empty: &'a BTreeMap<String, String>) -> Asked<'a> {
        Asked {
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

    fn read(asked: &Asked<'_>) -> Value {
        serde_json::from_slice(&event(asked)).unwrap()
    }

    #[test]
    fn the_whole_event_of_a_bare_request() {
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
        assert_eq!(read(&asked(&headers, &empty)), wanted);
    }

    #[test]
    fn repeated_headers_and_keys_are_kept_and_the_last_one_counts() {
        let (mut headers, empty) = (HeaderMap::new(), BTreeMap::new());
        headers.append("x-a", HeaderValue::from_static("1"));
        headers.append("x-a", HeaderValue::from_static("2"));
        headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.9"));
        headers.append("x-latin", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        let query = [("a", "1"), ("a", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let event = read(&Asked { query: &query, ..asked(&headers, &empty) });
        assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
        assert_eq!(event["headers"]["x-a"], "2");
        assert_eq!(event["headers"]["X-Forwarded-For"], "10.0.0.9, 127.0.0.1");
        assert_eq!(event["headers"]["x-latin"], "café");
        assert_eq!(event["queryStringParameters"], json!({"a": "2"}));
        assert_eq!(event["multiValueQueryStringParameters"], json!({"a": ["1", "2"]}));
    }

    #[test]
    fn a_body_that_is_no_text_travels_as_base64() {
        let (headers, empty) = (HeaderMap::new(), BTreeMap::new());
        for (body, binary, wanted, encoded) in
            [("ü", false, "ü", false), ("ü", true, "w7w=", true), ("\0", false, "\0", false)]
        {
            let event = read(&Asked { body: body.as_bytes(), binary, ..asked(&headers, &empty) });
            assert_eq!((event["body"].as_str(), event["isBase64Encoded"].as_bool()), (Some(wanted), Some(encoded)));
        }
        let event = read(&Asked { body: b"\xff\xfe", ..asked(&headers, &empty) });
        assert_eq!((event["body"].as_str(), event["isBase64Encoded"].as_bool()), (Some("//4="), Some(true)));
    }

    #[test]
    fn claims_stand_under_the_authorizer() {
        let (headers, empty) = (HeaderMap::new(), BTreeMap::new());
        let claims = Map::from_iter([("sub".to_owned(), Value::from("s"))]);
        let event = read(&Asked { claims: Some(&claims), ..asked(&headers, &empty) });
        assert_eq!(event["requestContext"]["authorizer"], json!({"claims": {"sub": "s"}}));
    }
}
