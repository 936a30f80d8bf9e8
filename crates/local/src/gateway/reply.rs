//! A function's answer as an HTTP answer: the proxy form checked as strictly as API Gateway checks it.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

/// Keys that the answer of a proxy integration may have; any other makes it malformed.
const KEYS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];

/// Headers that are the gateway's to say: a function's own come out under `x-amzn-Remapped-`.
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

/// Headers that do not come out at all.
const DROPPED: [HeaderName; 7] = [
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VIA,
];

/// The function's answer has not the form of a proxy answer: to the client it is a 502.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("read the function's answer: {0}")]
pub(crate) struct Malformed(&'static str);

/// Reads an answer. `binary` says whether the client takes what the template calls binary: else base64 goes out as it is.
pub(super) fn response(payload: &[u8], binary: bool) -> Result<Response<Body>, Malformed> {
    let answer: Map<String, Value> = serde_json::from_slice(payload).map_err(|_| Malformed("it is no JSON object"))?;
    if answer.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(Malformed("it has keys that a proxy answer has not"));
    }
    let mut response = Response::new(Body::from(body(&answer, binary)?));
    *response.status_mut() = status(answer.get("statusCode"))?;
    *response.headers_mut() = headers(&answer)?;
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(response)
}

fn status(stated: Option<&Value>) -> Result<StatusCode, Malformed> {
    let number = match stated {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|number| u16::try_from(number).ok()),
        None => None,
    };
    // What begins with 1 is an interim answer, and would leave the client waiting for the real one.
    let status =
        number.filter(|number| (200..600).contains(number)).and_then(|number| StatusCode::from_u16(number).ok());
    status.ok_or(Malformed("it has no statusCode"))
}

fn body(answer: &Map<String, Value>, binary: bool) -> Result<Vec<u8>, Malformed> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(Malformed("its body is no string")),
    };
    match answer.get("isBase64Encoded") {
        Some(Value::Bool(true)) if binary => STANDARD.decode(text).map_err(|_| Malformed("its body is no base64")),
        None | Some(Value::Bool(_) | Value::Null) => Ok(text.into()),
        Some(_) => Err(Malformed("its isBase64Encoded is no boolean")),
    }
}

/// `headers` and `multiValueHeaders` together; a name that stands in both is taken from the second.
fn headers(answer: &Map<String, Value>) -> Result<HeaderMap, Malformed> {
    let mut all = HeaderMap::new();
    for (name, values) in object(answer.get("multiValueHeaders"))? {
        let values = values.as_array().ok_or(Malformed("a value of multiValueHeaders is no list"))?;
        for value in values {
            all.append(outgoing(name)?, header_value(value)?);
        }
    }
    let many = all.clone();
    for (name, value) in object(answer.get("headers"))? {
        let name = outgoing(name)?;
        if !many.contains_key(&name) {
            all.insert(name, header_value(value)?);
        }
    }
    DROPPED.iter().for_each(|name| {
        all.remove(name);
    });
    Ok(all)
}

fn object(value: Option<&Value>) -> Result<impl Iterator<Item = (&String, &Value)>, Malformed> {
    match value {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(pairs)) => Ok(Some(pairs).into_iter().flatten()),
        Some(_) => Err(Malformed("its headers are no object")),
    }
}

fn outgoing(name: &str) -> Result<HeaderName, Malformed> {
    let stated = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Malformed("a header's name is none"))?;
    match REMAPPED.contains(&stated) {
        true => HeaderName::from_bytes(format!("x-amzn-remapped-{stated}").as_bytes())
            .map_err(|_| Malformed("a header's name is none")),
        false => Ok(stated),
    }
}

fn header_value(value: &Value) -> Result<HeaderValue, Malformed> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(Malformed("a header's value is no string")),
    };
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| Malformed("a header's value can't be sent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answered(answer: &Value) -> Result<Response<Body>, Malformed> {
        response(answer.to_string().as_bytes(), false)
    }

    #[test]
    fn both_kinds_of_headers_come_out_and_the_lists_win() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"X-One": "1", "x-many": "0", "Date": "then", "Upgrade": "h2c", "X-Number": 4},
            "multiValueHeaders": {"X-Many": ["a", "b"]},
        });
        let response = answered(&answer).unwrap();
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
    fn base64_is_undone_only_for_a_client_that_takes_binary() {
        let answer = json!({"statusCode": 200, "body": "//4=", "isBase64Encoded": true});
        let answer = answer.as_object().unwrap();
        assert_eq!(body(answer, true).unwrap(), b"\xff\xfe");
        assert_eq!(body(answer, false).unwrap(), b"//4=");
    }

    #[test]
    fn what_is_no_proxy_answer_is_malformed() {
        for answer in [
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
            assert!(answered(&answer).is_err(), "{answer}");
        }
        assert!(response(b"{", false).is_err());
    }
}
