//! An HTTP request as a handler reads it: every part is parsed once, at the entrance.

use std::sync::Arc;
use std::time::SystemTime;

use crudder_domain::{Handle, Invalid, Page, PageRequest, Sub, Timestamp};
use http::HeaderValue;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::{Body, RequestExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Result};
use crate::fault::Fault;
use crate::request_parts::RequestParts;
use crate::response::Response;
use crate::{caller, link};

/// A request to one of Crudder's functions.
#[derive(Debug)]
pub struct Request {
    parts: Arc<RequestParts>,
    query: QueryMap,
    path: QueryMap,
    body: Body,
    received_at: Timestamp,
    faults: bool,
}

impl Request {
    /// Reads an event. `faults` says whether the request may ask for a [`Fault`].
    pub(crate) fn new(event: lambda_http::Request, faults: bool) -> Self {
        let (query, path) = (event.query_string_parameters(), event.path_parameters());
        let parts = Arc::new(RequestParts::of(&event));
        let received_at = Timestamp::from(SystemTime::now());
        Self { parts, query, path, body: event.into_body(), received_at, faults }
    }

    /// Returns the parts that telemetry still needs after the handler has consumed the request.
    pub(crate) fn parts(&self) -> Arc<RequestParts> {
        Arc::clone(&self.parts)
    }

    /// Returns the caller by the verified access token, and records the caller as `enduser.id` of
    /// the trace and of its reports.
    ///
    /// # Errors
    /// 401 when the request has no caller.
    pub fn caller(&self) -> Result<Sub> {
        let sub = caller::subject(&self.parts.context).ok_or_else(ApiError::unauthorized)?;
        crudder_telemetry::set_annotation("enduser.id", sub.to_owned());
        Sub::parse(sub).map_err(|_| ApiError::unauthorized())
    }

    /// Records the caller's handle on the trace. In X-Ray it is an annotation, so that traces can
    /// be searched by it.
    pub fn annotate_caller(&self, handle: &Handle) {
        crudder_telemetry::set_annotation("handle", handle.to_string());
    }

    /// Returns when the request reached the function.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    /// 400 for a body that is not JSON, 422 for JSON of another shape; both name the place and the
    /// fault.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        // Serde would accept an array in place of an object whose keys are all missing.
        let is_array = self.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        match serde_json::from_slice(&self.body) {
            Ok(_) if is_array => Err(ApiError::unexpected_json("a list, expected an object")),
            Ok(body) => Ok(body),
            Err(error) if error.is_data() => Err(ApiError::unexpected_json(error)),
            Err(error) => Err(ApiError::malformed_json(error)),
        }
    }

    /// Parses a path parameter: `request.path("activity_uuid", ActivityId::parse)?`.
    ///
    /// # Errors
    /// The error of `parse`. A malformed name or id is a 404.
    pub fn path<T>(&self, name: &str, parse: impl FnOnce(&str) -> std::result::Result<T, Invalid>) -> Result<T> {
        Ok(parse(self.path.first(name).unwrap_or_default())?)
    }

    /// Returns a query parameter. Of a repeated key it is the last value, as in API Gateway's
    /// single-value map.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.all(name)?.last().copied()
    }

    /// Parses the page that `?limit=` and `?before=` ask for.
    ///
    /// # Errors
    /// 422 `limit_invalid` or `before_invalid`.
    pub fn page(&self) -> Result<PageRequest> {
        Ok(PageRequest::parse(self.query("limit"), self.query("before"))?)
    }

    /// Returns 200 with a page of a list. `Link` has the address of the next page, if there is one.
    ///
    /// # Errors
    /// As [`Response::ok`].
    pub fn respond_with_page<T: Serialize>(&self, page: &Page<T>) -> Result<Response> {
        let response = Response::ok(&page.content)?;
        let Some(next) = page.next else { return Ok(response) };
        let link = link::next(&self.parts, &self.path, &self.query, &next.to_string());
        let link = HeaderValue::try_from(link).expect("a link is percent-encoded ASCII");
        Ok(response.with_link(link))
    }

    /// Returns the fault that `?kind=` asks for, where fault injection is on.
    ///
    /// # Errors
    /// 422 `kind_invalid` for an unknown kind; 404 where fault injection is off.
    pub fn fault(&self) -> Result<Option<Fault>> {
        match self.query("kind") {
            None => Ok(None),
            Some(_) if !self.faults => Err(ApiError::not_found()),
            Some(kind) => Fault::parse(kind).map(Some).ok_or_else(|| ApiError::invalid("kind_invalid")),
        }
    }
}
