//! The routes of the Runtime API, version 2018-06-01.

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

use crate::api::{ApiState, CallResponse, accepted, header, read_body};
use crate::lifecycle::{ApiCall, ApiError};
use crate::outcome::RESPONSE_LIMIT;

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
}

async fn next(State(api): State<ApiState>) -> Result<Response, ApiError> {
    match api.call(ApiCall::RuntimeNext).await? {
        CallResponse::Invocation { headers, payload } => Ok((headers, payload).into_response()),
        _ => Ok(accepted()),
    }
}

async fn response(
    State(api): State<ApiState>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let first_byte = Instant::now();
    let is_streaming = match header(&headers, "lambda-runtime-function-response-mode") {
        "" => false,
        "streaming" => true,
        _ => return accept(&api, ApiCall::InvalidResponseMode { request_id, first_byte }).await,
    };
    let call = match read_response(body).await {
        ResponseBody::Whole(_, trailers) if is_streaming && trailers.contains_key(ERROR_TYPE) => {
            let (error_type, body) = error_in_trailers(&trailers);
            ApiCall::InvocationError { request_id, first_byte, error_type, body }
        }
        ResponseBody::Whole(body, _) => ApiCall::Response { request_id, first_byte, body },
        ResponseBody::TooLarge(bytes) => {
            let announced = header(&headers, "content-length").parse().unwrap_or(bytes);
            ApiCall::ResponseTooLarge { request_id, first_byte, bytes: announced }
        }
        ResponseBody::Truncated => ApiCall::ResponseTruncated { request_id, first_byte },
    };
    accept(&api, call).await
}

async fn error(
    State(api): State<ApiState>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let first_byte = Instant::now();
    let error_type = error_type(&headers);
    let body = read_body(body).await;
    accept(&api, ApiCall::InvocationError { request_id, first_byte, error_type, body }).await
}

async fn init_error(State(api): State<ApiState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let error_type = error_type(&headers);
    let body = read_body(body).await;
    accept(&api, ApiCall::InitError { error_type, body }).await
}

async fn accept(api: &ApiState, call: ApiCall) -> Result<Response, ApiError> {
    api.call(call).await.map(|_| accepted())
}

/// Returns the error type of the headers. Names other than `Runtime.Name` and `Function.Name`
/// become `Unknown`, as in AWS's emulator.
fn error_type(headers: &HeaderMap) -> String {
    let error_type = header(headers, ERROR_TYPE);
    let name = error_type.strip_prefix("Runtime.").or_else(|| error_type.strip_prefix("Function."));
    match name {
        Some(name) if name.starts_with(|first: char| first.is_ascii_uppercase()) => error_type.to_owned(),
        Some(_) if error_type.starts_with("Function.") => "Function.Unknown".to_owned(),
        _ => "Runtime.Unknown".to_owned(),
    }
}

/// Returns the error of a streaming function that failed after its first byte. The runtime sends it
/// in the trailers, with the error document in base64.
fn error_in_trailers(trailers: &HeaderMap) -> (String, Bytes) {
    let body = header(trailers, "lambda-runtime-function-error-body");
    let body = match body {
        "" => json!({ "errorType": header(trailers, ERROR_TYPE) }).to_string(),
        body => body.to_owned(),
    };
    (error_type(trailers), body.into())
}

enum ResponseBody {
    /// The body and its trailers.
    Whole(Bytes, HeaderMap),
    /// The size in bytes.
    TooLarge(u64),
    Truncated,
}

/// Reads a body to its end, so that the runtime can read an error response, but keeps no more than
/// Lambda accepts.
async fn read_response(mut body: Body) -> ResponseBody {
    let (mut bytes, mut count, mut trailers) = (BytesMut::new(), 0, HeaderMap::new());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return ResponseBody::Truncated };
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
    if count > RESPONSE_LIMIT {
        return ResponseBody::TooLarge(count as u64);
    }
    ResponseBody::Whole(bytes.freeze(), trailers)
}
