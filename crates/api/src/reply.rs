//! What leaves: a status, a body, and how a list goes on.

use http::header::{CONTENT_TYPE, LINK};
use http::{HeaderValue, Response, StatusCode};
use lambda_http::Body;
use serde::Serialize;

use crate::error::{ApiError, Result};

/// An answer, before the headers that every answer carries.
#[derive(Debug)]
pub struct Reply(Response<Body>);

impl Reply {
    /// 200 with `body` as JSON. Success is always 200: the page tests for exactly that.
    ///
    /// # Errors
    /// Only when `body` can't be JSON, which is our own mistake: a 500.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_string(body).map_err(ApiError::internal)?;
        Ok(Self::json(StatusCode::OK, json))
    }

    /// 200 with plain text, as the original's `/rollbar/test` answers.
    #[must_use]
    pub fn html(text: &'static str) -> Self {
        Self::new(StatusCode::OK, HeaderValue::from_static("text/html; charset=utf-8"), text.to_owned())
    }

    pub(crate) fn json(status: StatusCode, json: String) -> Self {
        Self::new(status, HeaderValue::from_static("application/json"), json)
    }

    /// The same answer, with the address of the list's next page.
    pub(crate) fn with_next(mut self, link: HeaderValue) -> Self {
        self.0.headers_mut().insert(LINK, link);
        self
    }

    fn new(status: StatusCode, content_type: HeaderValue, body: String) -> Self {
        let mut response = Response::new(Body::Text(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        Self(response)
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        self.0
    }
}
