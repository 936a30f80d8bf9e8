//! What came: parsed at the door, each part once.

use std::sync::Arc;
use std::time::SystemTime;

use crudder_domain::{Handle, Invalid, Moment, Page, PageRequest, Sub};
use http::HeaderValue;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::{Body, RequestExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Result};
use crate::fault::Fault;
use crate::reply::Reply;
use crate::seen::Seen;
use crate::{caller, link};

/// A request to one of Crudder's functions.
#[derive(Debug)]
pub struct Request {
    seen: Arc<Seen>,
    query: QueryMap,
    path: QueryMap,
    body: Body,
    received_at: Moment,
    faults: bool,
}

impl Request {
    /// Takes an event apart; `faults` says whether it may ask for one.
    pub(crate) fn new(event: lambda_http::Request, faults: bool) -> Self {
        let (query, path) = (event.query_string_parameters(), event.path_parameters());
        let (parts, body) = event.into_parts();
        let received_at = Moment::from(SystemTime::now());
        let body_bytes = body.len() as u64;
        Self { seen: Arc::new(Seen::new(parts, body_bytes)), query, path, body, received_at, faults }
    }

    pub(crate) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    /// Who asks, by the checked access token. From here on every plane knows: a report names this person.
    ///
    /// # Errors
    /// 401 when nobody does.
    pub fn caller(&self) -> Result<Sub> {
        let sub = caller::subject(&self.seen.context).ok_or_else(ApiError::unauthorized)?;
        crudder_telemetry::set_annotation("enduser.id", sub.to_owned());
        Sub::parse(sub).map_err(|_| ApiError::unauthorized())
    }

    /// Tells the planes by which handle the caller is known; X-Ray can be searched for it.
    pub fn known_as(&self, handle: &Handle) {
        crudder_telemetry::set_annotation("handle", handle.to_string());
    }

    /// When the request reached the function.
    #[must_use]
    pub fn received_at(&self) -> Moment {
        self.received_at
    }

    /// The body.
    ///
    /// # Errors
    /// 400 for what is no JSON, 422 for JSON of another shape; both say where and what.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        // Serde would take a list for an object whose keys are all missing.
        let list = self.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        match serde_json::from_slice(&self.body) {
            Ok(_) if list => Err(ApiError::misshapen("a list, expected an object")),
            Ok(body) => Ok(body),
            Err(error) if error.is_data() => Err(ApiError::misshapen(error)),
            Err(error) => Err(ApiError::unreadable(error)),
        }
    }

    /// A part of the path, read by `parse`: `request.path("activity_uuid", ActivityId::parse)?`.
    ///
    /// # Errors
    /// What `parse` says; for a form that nothing bears that is a 404.
    pub fn path<T>(&self, name: &str, parse: impl FnOnce(&str) -> std::result::Result<T, Invalid>) -> Result<T> {
        Ok(parse(self.path.first(name).unwrap_or_default())?)
    }

    /// A value of the query; of a key that came twice the last one, as API Gateway's own single-value map has it.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.all(name)?.last().copied()
    }

    /// Which page of a list is wanted: `?limit=` and `?before=`.
    ///
    /// # Errors
    /// 422 `limit_invalid` or `before_invalid`.
    pub fn page(&self) -> Result<PageRequest> {
        Ok(PageRequest::parse(self.query("limit"), self.query("before"))?)
    }

    /// 200 with a list's page, and in `Link` how to go on, if it does.
    ///
    /// # Errors
    /// As [`Reply::ok`].
    pub fn reply_page<T: Serialize>(&self, page: &Page<T>) -> Result<Reply> {
        let reply = Reply::ok(&page.content)?;
        let Some(next) = page.next else { return Ok(reply) };
        let link = link::next(&self.seen, &self.path, &self.query, &next.to_string());
        let link = HeaderValue::try_from(link).expect("a link is percent-encoded ASCII");
        Ok(reply.with_next(link))
    }

    /// The way to die that `?kind=` asks for, where faults are on.
    ///
    /// # Errors
    /// 422 `kind_invalid` for a kind that there is not; 404 where faults are off.
    pub fn fault(&self) -> Result<Option<Fault>> {
        match self.query("kind") {
            None => Ok(None),
            Some(_) if !self.faults => Err(ApiError::not_found()),
            Some(kind) => Fault::parse(kind).map(Some).ok_or_else(|| ApiError::invalid("kind_invalid")),
        }
    }
}
