//! A sample event for an endpoint that has none yet: a REST proxy event as API Gateway sends it.

use serde_json::{Map, Value, json};

use crate::endpoints::{Caller, Endpoint};

const HOST: &str = "crudder.execute-api.us-east-1.amazonaws.com";
/// One of the sample users of `cargo local`.
const SUB: &str = "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10";
/// What stands for a path parameter until the author puts a better value.
const SAMPLE_ID: &str = "01a0c3f6-8b40-7000-8000-00c0ffee0001";

/// The event of the endpoint's first route, pretty-printed. The author fills in the body.
pub(crate) fn skeleton(endpoint: &Endpoint) -> String {
    let (method, route) = endpoint.methods().next().unwrap_or(("GET", "/"));
    let parameters: Map<String, Value> = route
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| (name.to_owned(), SAMPLE_ID.into()))
        .collect();
    let path = parameters.keys().fold(route.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), SAMPLE_ID));
    let mut headers = Map::new();
    for (name, value) in [
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        ("Host", HOST),
        ("User-Agent", "curl/8.5.0"),
        ("X-Amzn-Trace-Id", "Root=1-6ab13f80-00112233445566778899aabb"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ] {
        headers.insert(name.to_owned(), value.into());
    }
    let mut context = json!({
        "accountId": "123456789012", "apiId": "crudder", "domainName": HOST, "domainPrefix": "crudder",
        "extendedRequestId": "Kx0Cru2Dder3EXAMPLE=", "httpMethod": method,
        "identity": { "sourceIp": "203.0.113.7", "userAgent": "curl/8.5.0" }, "path": format!("/dev{path}"),
        "protocol": "HTTP/1.1", "requestId": "6f1f0c1d-2e3f-4a5b-8c6d-7e8f90a1b2c3",
        "requestTime": "22/Sep/2026:10:40:00 +0000", "requestTimeEpoch": 1_790_073_600_000_u64,
        "resourceId": "crud01", "resourcePath": route, "stage": "dev"
    });
    if endpoint.caller == Caller::SignedIn {
        headers.insert("Authorization".to_owned(), "Bearer sample-token-checked-by-the-gateway".into());
        context["authorizer"] = json!({ "claims": {
            "sub": SUB, "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_crudder",
            "client_id": "crudder-page", "token_use": "access", "scope": "aws.cognito.signin.user.admin",
            "auth_time": "1790000000", "exp": "Tue Sep 22 11:33:20 UTC 2026", "iat": "Tue Sep 22 10:33:20 UTC 2026",
            "jti": "0b9d6b6e-7f2c-4c1e-9f3a-6f1f0c1d2e3f", "username": SUB
        } });
    }
    let several: Map<String, Value> = headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    let or_null = |map: Map<String, Value>| if map.is_empty() { Value::Null } else { map.into() };
    let body = if method == "GET" || method == "DELETE" { Value::Null } else { "{}".into() };
    let event = json!({
        "resource": route, "path": path, "httpMethod": method, "headers": headers, "multiValueHeaders": several,
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": or_null(parameters), "stageVariables": null, "requestContext": context,
        "body": body, "isBase64Encoded": false
    });
    serde_json::to_string_pretty(&event).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(route: &str, caller: &str) -> Value {
        let yaml = format!("{{name: a, description: d, routes: [{route:?}], caller: {caller}, access: none}}");
        let endpoint: Endpoint = yaml_serde::from_str(&yaml).unwrap();
        serde_json::from_str(&skeleton(&endpoint)).unwrap()
    }

    #[test]
    fn path_parameters_stand_in_path_and_parameters() {
        let event = event("POST /api/activities/{id}/like", "signed in");
        assert_eq!(event["path"], format!("/api/activities/{SAMPLE_ID}/like"));
        assert_eq!(event["pathParameters"], json!({ "id": SAMPLE_ID }));
        assert_eq!(event["requestContext"]["authorizer"]["claims"]["sub"], SUB);
        assert_eq!(event["body"], "{}");
    }

    #[test]
    fn an_endpoint_for_anyone_has_no_token() {
        let event = event("GET /api/health-check", "anyone");
        assert!(event["headers"]["Authorization"].is_null() && event["requestContext"]["authorizer"].is_null());
        assert!(event["pathParameters"].is_null() && event["body"].is_null());
    }
}
