//! Turns the proxy response of a function into an HTTP response, as strictly as API Gateway does.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

/// The keys of a proxy response; any other key makes it malformed.
const KEYS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];

/// Headers that only the gateway sets. A function's own get the prefix `x-amzn-Remapped-`.
const REMAPPED: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::DATE,
    header::HOST,
    header::SERVER,
    header::USER_AGENT,
    header::WWW_AUTHENTICATE,
];

/// Headers that the gateway removes.
const DROPPED: [HeaderName; 7] = [
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VIA,
];

/// The response of the function is not a valid proxy response. The client gets a 502.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("parse the proxy response of the function: {0}")]
pub(crate) struct MalformedResponse(&'static str);

/// Parses a proxy response. If the client does not accept binary media types, a base64 body stays
/// encoded.
pub(super) fn parse(payload: &[u8], accepts_binary: bool) -> Result<Response<Body>, MalformedResponse> {
    let fields: Map<String, Value> =
        serde_json::from_slice(payload).map_err(|_| MalformedResponse("it is not a JSON object"))?;
    if fields.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(MalformedResponse("it has a key that a proxy response does not have"));
    }
    let mut response = Response::new(Body::from(body(&fields, accepts_binary)?));
    *response.status_mut() = status(fields.get("statusCode"))?;
    *response.headers_mut() = headers(&fields)?;
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(response)
}

fn status(value: Option<&Value>) -> Result<StatusCode, MalformedResponse> {
    let number = match value {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|number| u16::try_from(number).ok()),
        None => None,
    };
    // A status of 1xx is an interim response: the client would wait for the final one.
    let status =
        number.filter(|number| (200..600).contains(number)).and_then(|number| StatusCode::from_u16(number).ok());
    status.ok_or(MalformedResponse("it has no valid statusCode"))
}

fn body(fields: &Map<String, Value>, accepts_binary: bool) -> Result<Vec<u8>, MalformedResponse> {
    let text = match fields.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(MalformedResponse("its body is not a string")),
    };
    match fields.get("isBase64Encoded") {
        Some(Value::Bool(true)) if accepts_binary => {
            STANDARD.decode(text).map_err(|_| MalformedResponse("its body is not base64"))
        }
        None | Some(Value::Bool(_) | Value::Null) => Ok(text.into()),
        Some(_) => Err(MalformedResponse("its isBase64Encoded is not a boolean")),
    }
}

/// Merges `headers` and `multiValueHeaders`. For a name in both, the second counts.
fn headers(fields: &Map<String, Value>) -> Result<HeaderMap, MalformedResponse> {
    let mut all = HeaderMap::new();
    for (name, values) in object(fields.get("multiValueHeaders"))? {
        let values = values.as_array().ok_or(MalformedResponse("a value of multiValueHeaders is not a list"))?;
        for value in values {
            all.append(outgoing_name(name)?, header_value(value)?);
        }
    }
    let many = all.clone();
    for (name, value) in object(fields.get("headers"))? {
        let name = outgoing_name(name)?;
        if !many.contains_key(&name) {
            all.insert(name, header_value(value)?);
        }
    }
    DROPPED.iter().for_each(|name| {
        all.remove(name);
    });
    Ok(all)
}

fn object(value: Option<&Value>) -> Result<impl Iterator<Item = (&String, &Value)>, MalformedResponse> {
    match value {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(pairs)) => Ok(Some(pairs).into_iter().flatten()),
        Some(_) => Err(MalformedResponse("its headers are not an object")),
    }
}

fn outgoing_name(name: &str) -> Result<HeaderName, MalformedResponse> {
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| MalformedResponse("the name of a header is invalid"))?;
    match REMAPPED.contains(&parsed) {
        true => HeaderName::from_bytes(format!("x-amzn-remapped-{parsed}").as_bytes())
            .map_err(|_| MalformedResponse("the name of a header is invalid")),
        false => Ok(parsed),
    }
}

fn header_value(value: &Value) -> Result<HeaderValue, MalformedResponse> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(MalformedResponse("the value of a header is not a string")),
    };
    HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| MalformedResponse("the value of a header has an invalid character"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse_value(fields: &Value) -> Result<Response<Body>, MalformedResponse> {
        parse(fields.to_string().as_bytes(), false)
    }

    #[test]
    fn both_kinds_of_headers_are_sent_and_the_lists_win() {
        let fields = json!({
            "statusCode": 201,
            "headers": {"X-One": "1", "x-many": "0", "Date": "then", "Upgrade": "h2c", "X-Number": 4},
            "multiValueHeaders": {"X-Many": ["a", "b"]},
        });
        let response = parse_value(&fields).unwrap();
        let values = |name: &str| {
            response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(response.status(), 201);
        assert_eq!(values("x-one"), ["1"]);
        assert_eq!(values("x-many"), ["a", "b"]);
        assert_eq!(values("x-amzn-remapped-date"), ["then"]);
        assert_eq!(values("upgrade"), [""; 0]);
        assert_eq!(values("x-number"), ["4"]);
        assert_eq!(values("content-type"), ["application/json"]);
    }

    #[test]
    fn base64_is_decoded_only_for_a_client_that_accepts_binary() {
        let fields = json!({"statusCode": 200, "body": "//4=", "isBase64Encoded": true});
        let fields = fields.as_object().unwrap();
        assert_eq!(body(fields, true).unwrap(), b"\xff\xfe");
        assert_eq!(body(fields, false).unwrap(), b"//4=");
    }

    #[test]
    fn anything_but_a_proxy_response_is_malformed() {
        for fields in [
            json!("hello"),
            json!({}),
            json!({"statusCode": 99}),
            json!({"statusCode": 100}),
            json!({"statusCode": 1000}),
            json!({"statusCode": "x"}),
            json!({"statusCode": 200, "body": {"a": 1}}),
            json!({"statusCode": 200, "extra": 1}),
            json!({"statusCode": 200, "headers": []}),
            json!({"statusCode": 200, "headers": {"a b": "1"}}),
            json!({"statusCode": 200, "headers": {"a": "1\n2"}}),
            json!({"statusCode": 200, "headers": {"a": ["1"]}}),
            json!({"statusCode": 200, "multiValueHeaders": {"a": "1"}}),
            json!({"statusCode": 200, "isBase64Encoded": "yes"}),
        ] {
            assert!(parse_value(&fields).is_err(), "{fields}");
        }
        assert!(parse(b"{", false).is_err());
    }
}
