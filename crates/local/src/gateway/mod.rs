//! API Gateway's REST API on one machine: a request becomes an event, the function's answer becomes an answer, and all that can go wrong between
//! them is answered as the template says.

mod answer;
mod event;
mod host;
mod limits;
mod media;
mod path;
mod reply;
mod routes;
mod segments;
mod trace;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use answer::Refused;
use axum::Router;
use axum::body::{Body, Bytes};
use crudder_emulator::{Emulator, FailureKind, Invocation, InvokeError, Outcome};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

use crate::requests::{Asked, RequestHandle, Requests};
use crate::server::{Peer, Server};
use crate::template::{Access, Api, Template};
use crate::tokens::Tokens;
pub use limits::Limits;
use routes::{Match, Routes, Target};
use segments::{Seen, Segments};
use trace::TraceHeader;

/// The gateway of one API.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    routes: Routes,
    emulator: Emulator,
    tokens: Arc<Tokens>,
    limits: Limits,
    segments: Segments,
    requests: Requests,
    /// Where it listens.
    address: SocketAddr,
}

/// What stands behind a gateway.
#[derive(Debug)]
pub struct Backend {
    /// Runs the functions.
    pub emulator: Emulator,
    /// Checks the callers.
    pub tokens: Arc<Tokens>,
    /// X-Ray's daemon, which is sent the segments that AWS itself sends.
    pub xray: Option<SocketAddr>,
    /// The record of what was asked: what an API's access log is.
    pub requests: Requests,
}

/// What is known of a request before its body is read.
struct Call<'a> {
    parts: &'a Parts,
    peer: SocketAddr,
    trace: &'a TraceHeader,
    request_id: &'a str,
    handle: &'a RequestHandle,
    now: SystemTime,
}

impl Gateway {
    /// Serves `template`'s routes from `backend` on `listener`, whose address is `address`.
    pub fn serve(
        template: &Template,
        backend: Backend,
        limits: Limits,
        (listener, address): (TcpListener, SocketAddr),
    ) -> Server {
        let gateway = Arc::new(Self::new(template, backend, limits, address));
        let answer = move |request: Request<Body>| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.answer(request, SystemTime::now()).await }
        };
        Server::start(listener, address, Router::new().fallback(answer))
    }

    fn new(template: &Template, backend: Backend, limits: Limits, address: SocketAddr) -> Self {
        let (api, routes) = (template.api.clone(), Routes::new(template));
        let segments = Segments::new(backend.xray, &api.name, &api.stage);
        Self {
            api,
            routes,
            emulator: backend.emulator,
            tokens: backend.tokens,
            limits,
            segments,
            requests: backend.requests,
            address,
        }
    }

    /// Answers one request.
    async fn answer(&self, request: Request<Body>, now: SystemTime) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let sent = parts.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
        let trace = TraceHeader::continued(sent, now);
        let request_id = Uuid::new_v4().to_string();
        let peer = parts.extensions.get::<Peer>().map_or(self.address, |peer| peer.0);
        let asked = Asked { trace: trace.id(), method: parts.method.as_str(), path: parts.uri.path(), now };
        let handle = self.requests.open(asked);
        let call = Call { parts: &parts, peer, trace: &trace, request_id: &request_id, handle: &handle, now };
        let mut response = self.walk(&call, body).await.unwrap_or_else(|refused| refused.response(&self.api));
        handle.answered(response.status().as_u16(), now.elapsed().unwrap_or_default());
        stamp(response.headers_mut(), &trace, &request_id);
        let seen = Seen {
            method: parts.method.as_str(),
            url: format!("http://{}{}", self.address, parts.uri.path()),
            client: peer,
            agent: parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()),
            status: response.status(),
        };
        self.segments.request(&trace, &seen, now);
        response
    }

    async fn walk(&self, call: &Call<'_>, body: Body) -> Result<Response<Body>, Refused> {
        let Parts { method, uri, headers, .. } = call.parts;
        // What is not read of a body would be taken for the connection's next request, so it is read first whatever the answer.
        let body = timeout(self.limits.body_timeout, limits::read(body)).await.map_err(|_| Refused::TooSlow)?;
        limits::headers(method, uri, headers)?;
        let host = host::asked(headers, &self.address.to_string()).ok_or(Refused::AccessDenied)?;
        let path = self.without_stage(uri);
        let query = path::query(uri.query().unwrap_or_default()).map_err(|_| Refused::BadRequest)?;
        let parts = path::parts(path).map_err(|_| Refused::BadRequest)?;
        let found = self.routes.find(&parts).ok_or(Refused::NotFound)?;
        let target = found.resource.target(method.as_str());
        call.handle.routed(&found.resource.path);
        let Some(target) = target else {
            return self.preflight(method, &found).ok_or(Refused::NotFound);
        };
        let claims = self.claims(target, headers, call.now)?;
        let event = event::event(&event::Asked {
            stage: &self.api.stage,
            stage_variables: &self.api.stage_variables,
            resource: &found.resource.path,
            variables: &found.variables,
            method: method.as_str(),
            path,
            full_path: uri.path(),
            query: &query,
            headers,
            host: &host,
            port: self.address.port(),
            source: call.peer.ip(),
            trace: &call.trace.answered(),
            claims: claims.as_ref(),
            request_id: call.request_id,
            now: call.now,
            body: &body?,
            binary: media::sent(headers, &self.api.binary_media_types),
        });
        let answered = self.invoke(target, event, call).await?;
        reply::response(&answered, media::taken(headers, &self.api.binary_media_types)).map_err(|malformed| {
            tracing::warn!(function = target.function, "{malformed}");
            Refused::Failed
        })
    }

    /// The API's own address has the emulator in front, a domain of one's own has not: both are served, and each request is told its own way.
    fn without_stage<'u>(&self, uri: &'u Uri) -> &'u str {
        let path = uri.path();
        let inner = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(self.api.stage.as_str()));
        match inner {
            Some("") => "/",
            Some(inner) if inner.starts_with('/') => inner,
            _ => path,
        }
    }

    fn preflight(&self, method: &Method, found: &Match) -> Option<Response<Body>> {
        if method != Method::OPTIONS {
            return None;
        }
        answer::preflight(&self.api, &found.resource.methods())
    }

    /// The caller's claims, where the route asks for a token.
    fn claims(
        &self,
        target: &Target,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Option<Map<String, Value>>, Refused> {
        let Access::Token { scopes } = &target.access else { return Ok(None) };
        let sent = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        match self.tokens.check(sent, scopes, now) {
            Ok(claims) => Ok(Some(claims.as_strings())),
            Err(denied) => {
                tracing::debug!("{denied}");
                Err(Refused::Unauthorized)
            }
        }
    }

    async fn invoke(&self, target: &Target, event: Vec<u8>, call: &Call<'_>) -> Result<Bytes, Refused> {
        let (start, trace) = (SystemTime::now(), call.trace);
        call.handle.asks(&target.function);
        let invocation = Invocation::new(event).with_trace_header(trace.downstream());
        let outcome = timeout(self.limits.integration_timeout, self.emulator.invoke(&target.function, invocation));
        let outcome = outcome.await.map_err(|_| Refused::TimedOut)?;
        if let Ok(outcome) = &outcome {
            call.handle.invoked(outcome);
            let failed = matches!(outcome, Outcome::Failed { .. });
            self.segments.invocation(trace, &target.function, outcome.info(), failed, start);
        }
        match outcome {
            Ok(Outcome::Succeeded { payload, .. }) => Ok(payload),
            Ok(Outcome::Failed { kind: FailureKind::Timeout, .. }) => Err(Refused::TimedOut),
            Ok(Outcome::Failed { .. }) => Err(Refused::Failed),
            Err(InvokeError::Throttled(_)) => Err(Refused::Throttled),
            Err(InvokeError::PayloadTooLarge(_)) => Err(Refused::TooLarge),
            Err(error) => {
                tracing::error!(function = target.function, "{error}");
                Err(Refused::Failed)
            }
        }
    }
}

/// What API Gateway puts on every answer.
fn stamp(headers: &mut HeaderMap, trace: &TraceHeader, request_id: &str) {
    for (name, value) in [("x-amzn-requestid", request_id), ("x-amzn-trace-id", &trace.answered())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}
