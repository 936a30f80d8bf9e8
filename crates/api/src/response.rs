//! The HTTP response of a function: status, body and the `Link` to the next page.

use http::header::{CONTENT_TYPE, LINK};
use http::{HeaderValue, StatusCode};
use lambda_http::Body;
use serde::Serialize;

use crate::error::{ApiError, Result};

/// An HTTP response, before the headers that every response carries.
#[derive(Debug)]
pub struct Response(http::Response<Body>);

impl Response {
    /// Returns 200 with `body` as JSON. Success is always 200: the front end tests for exactly
    /// that.
    ///
    /// # Errors
    /// A 500 when `body` cannot be serialized, which is a bug in the function.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_string(body).map_err(ApiError::internal)?;
        Ok(Self::json(StatusCode::OK, json))
    }

    /// Returns 200 with an HTML text, as the original API does on `/rollbar/test`.
    #[must_use]
    pub fn html(text: &'static str) -> Self {
        Self::new(StatusCode::OK, HeaderValue::from_static("text/html; charset=utf-8"), text.to_owned())
    }

    /// Returns an error in the shape that the front end reads: a JSON array of one string.
    pub(crate) fn error(error: &ApiError) -> Self {
        Self::json(error.status, serde_json::Value::from(vec![error.public.as_str()]).to_string())
    }

    /// Adds a `Link` header with the address of the next page.
    pub(crate) fn with_link(mut self, link: HeaderValue) -> Self {
        self.0.headers_mut().insert(LINK, link);
        self
    }

    /// Returns the response as `lambda_http` sends it.
    pub(crate) fn into_http(self) -> http::Response<Body> {
        self.0
    }

    fn json(status: StatusCode, json: String) -> Self {
        Self::new(status, HeaderValue::from_static("application/json"), json)
    }

    fn new(status: StatusCode, content_type: HeaderValue, body: String) -> Self {
        let mut response = http::Response::new(Body::Text(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        Self(response)
    }
}
