//! The Runtime API, version 2018-06-01.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::json;
use tokio::time::Instant;

use crate::api::{Answer, Door, accepted, header, read_body};
use crate::life::{Call, Refusal};
use crate::outcome::RESPONSE_LIMIT;

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
}

async fn next(State(door): State<Door>) -> Result<Response, Refusal> {
    match door.ask(Call::RuntimeNext).await? {
        Answer::Invocation { headers, payload } => Ok((headers, payload).into_response()),
        _ => Ok(accepted()),
    }
}

async fn response(
    State(door): State<Door>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let first_byte = Instant::now();
    let streaming = match header(&headers, "lambda-runtime-function-response-mode") {
        "" => false,
        "streaming" => true,
        _ => return tell(&door, Call::BadMode { request_id, first_byte }).await,
    };
    let call = match read(body).await {
        Read::Whole(_, trailers) if streaming && trailers.contains_key(ERROR_TYPE) => {
            let (error_type, body) = late_error(&trailers);
            Call::Erred { request_id, first_byte, error_type, body }
        }
        Read::Whole(body, _) => Call::Answered { request_id, first_byte, body },
        Read::TooLarge(bytes) => {
            let announced = header(&headers, "content-length").parse().unwrap_or(bytes);
            Call::TooLarge { request_id, first_byte, bytes: announced }
        }
        Read::CutOff => Call::Truncated { request_id, first_byte },
    };
    tell(&door, call).await
}

async fn error(
    State(door): State<Door>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let first_byte = Instant::now();
    let error_type = error_type(&headers);
    let body = read_body(body).await;
    tell(&door, Call::Erred { request_id, first_byte, error_type, body }).await
}

async fn init_error(State(door): State<Door>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let error_type = error_type(&headers);
    let body = read_body(body).await;
    tell(&door, Call::InitErred { error_type, body }).await
}

async fn tell(door: &Door, call: Call) -> Result<Response, Refusal> {
    door.ask(call).await.map(|_| accepted())
}

/// `Runtime.Name` and `Function.Name` are taken as they are, all else becomes unknown; so does the emulator.
fn error_type(headers: &HeaderMap) -> String {
    let error_type = header(headers, ERROR_TYPE);
    let name = error_type.strip_prefix("Runtime.").or_else(|| error_type.strip_prefix("Function."));
    match name {
        Some(name) if name.starts_with(|first: char| first.is_ascii_uppercase()) => error_type.to_owned(),
        Some(_) if error_type.starts_with("Function.") => "Function.Unknown".to_owned(),
        _ => "Runtime.Unknown".to_owned(),
    }
}

/// An error that a streaming function met after its first byte stands in the trailers, the body in base64.
fn late_error(trailers: &HeaderMap) -> (String, Bytes) {
    let body = header(trailers, "lambda-runtime-function-error-body");
    let body = match body {
        "" => json!({ "errorType": header(trailers, ERROR_TYPE) }).to_string(),
        body => body.to_owned(),
    };
    (error_type(trailers), body.into())
}

enum Read {
    Whole(Bytes, HeaderMap),
    TooLarge(u64),
    CutOff,
}

/// Reads to the end, so that the runtime can read the refusal, but keeps no more than Lambda takes.
async fn read(mut body: Body) -> Read {
    let (mut bytes, mut count, mut trailers) = (BytesMut::new(), 0, HeaderMap::new());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Read::CutOff };
        match frame.into_data() {
            Ok(data) => {
                count += data.len();
                if count <= RESPONSE_LIMIT {
                    bytes.extend_from_slice(&data);
                }
            }
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    if count > RESPONSE_LIMIT { Read::TooLarge(count as u64) } else { Read::Whole(bytes.freeze(), trailers) }
}
