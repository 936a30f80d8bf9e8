//! API Gateway's REST API on one machine.
//!
//! A request becomes a proxy event, and the response of the function becomes the HTTP response. If
//! anything fails in between, the gateway itself responds as the template says.

mod error;
mod event;
mod gateway_response;
mod host;
mod integration;
mod limits;
mod media_types;
mod path;
mod proxy_response;
mod routes;
mod segments;
mod trace_header;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use crudder_emulator::Emulator;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

use crate::requests::{NewRequest, RequestHandle, Requests};
use crate::server::{Peer, Server};
use crate::template::{Access, Api, Template};
use crate::tokens::Tokens;
use error::GatewayError;
use integration::Integration;
pub use limits::Limits;
use routes::{Match, Routes, Target};
use segments::{RequestSummary, Segments};
use trace_header::TraceHeader;

/// The gateway of one API.
#[derive(Debug)]
pub struct Gateway {
    api: Api,
    routes: Routes,
    tokens: Arc<Tokens>,
    limits: Limits,
    integration: Integration,
    segments: Arc<Segments>,
    requests: Requests,
    /// The address that the gateway listens on.
    address: SocketAddr,
}

/// What a gateway needs to serve requests.
#[derive(Debug)]
pub struct Backend {
    /// Runs the functions.
    pub emulator: Emulator,
    /// Checks the tokens of callers.
    pub tokens: Arc<Tokens>,
    /// The X-Ray daemon, for the segments that AWS itself sends.
    pub xray_daemon: Option<SocketAddr>,
    /// The record of requests, as an API's access log.
    pub requests: Requests,
}

/// What the gateway knows of a request before it reads the body.
struct Call<'a> {
    parts: &'a Parts,
    peer: SocketAddr,
    trace: &'a TraceHeader,
    request_id: &'a str,
    handle: &'a RequestHandle,
    now: SystemTime,
}

impl Gateway {
    /// Serves the routes of `template` with `backend` on `listener`, whose address is `address`.
    pub fn serve(
        template: &Template,
        backend: Backend,
        limits: Limits,
        (listener, address): (TcpListener, SocketAddr),
    ) -> Server {
        let gateway = Arc::new(Self::new(template, backend, limits, address));
        let handler = move |request: Request<Body>| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.respond(request, SystemTime::now()).await }
        };
        Server::start(listener, address, Router::new().fallback(handler))
    }

    fn new(template: &Template, backend: Backend, limits: Limits, address: SocketAddr) -> Self {
        let (api, routes) = (template.api.clone(), Routes::new(template));
        let segments = Arc::new(Segments::new(backend.xray_daemon, &api.name, &api.stage));
        let integration = Integration::new(backend.emulator, limits.integration_timeout, Arc::clone(&segments));
        Self { api, routes, tokens: backend.tokens, limits, integration, segments, requests: backend.requests, address }
    }

    /// Responds to one request, records it, and sends the segment of the stage.
    async fn respond(&self, request: Request<Body>, now: SystemTime) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let received = parts.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
        let trace = TraceHeader::from_request(received, now);
        let request_id = Uuid::new_v4().to_string();
        let peer = parts.extensions.get::<Peer>().map_or(self.address, |peer| peer.0);
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let handle = RequestHandle::open(&self.requests, NewRequest { trace: trace.id(), method, path, now });
        let call = Call { parts: &parts, peer, trace: &trace, request_id: &request_id, handle: &handle, now };
        let mut response = self.handle(&call, body).await.unwrap_or_else(|error| error.response(&self.api));
        handle.close(response.status().as_u16(), now.elapsed().unwrap_or_default());
        gateway_response::add_ids(response.headers_mut(), &trace, &request_id);
        let summary = RequestSummary {
            method,
            url: format!("http://{}{path}", self.address),
            client: peer,
            agent: parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()),
            status: response.status(),
        };
        self.segments.send_stage(&trace, &summary, now);
        response
    }

    async fn handle(&self, call: &Call<'_>, body: Body) -> Result<Response<Body>, GatewayError> {
        let Parts { method, uri, headers, .. } = call.parts;
        // The body is read before any error response. An unread body would be parsed as the next
        // request on the connection.
        let body =
            timeout(self.limits.body_timeout, limits::read_body(body)).await.map_err(|_| GatewayError::BodyTimeout)?;
        limits::check_headers(method, uri, headers)?;
        let host = host::of_request(headers, &self.address.to_string()).ok_or(GatewayError::AccessDenied)?;
        let path = path::without_stage(uri.path(), &self.api.stage);
        let query = path::query(uri.query().unwrap_or_default()).map_err(|_| GatewayError::BadRequest)?;
        let parts = path::parts(path).map_err(|_| GatewayError::BadRequest)?;
        let found = self.routes.find(&parts).ok_or(GatewayError::NotFound)?;
        let target = found.resource.target(method.as_str());
        call.handle.set_route(&found.resource.path);
        let Some(target) = target else {
            return self.preflight(method, &found).ok_or(GatewayError::NotFound);
        };
        let claims = self.claims(target, headers, call.now)?;
        let event = event::to_json(&event::EventInput {
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
            trace: &call.trace.to_client(),
            claims: claims.as_ref(),
            request_id: call.request_id,
            now: call.now,
            body: &body?,
            binary: media_types::is_binary_request(headers, &self.api.binary_media_types),
        });
        let payload = self.integration.invoke(target, event, call.trace, call.handle).await?;
        let accepts_binary = media_types::accepts_binary(headers, &self.api.binary_media_types);
        proxy_response::parse(&payload, accepts_binary).map_err(|malformed| {
            tracing::warn!(function = target.function, "failed to {malformed}");
            GatewayError::IntegrationFailure
        })
    }

    fn preflight(&self, method: &Method, found: &Match) -> Option<Response<Body>> {
        if method != Method::OPTIONS {
            return None;
        }
        gateway_response::preflight(&self.api, &found.resource.methods())
    }

    /// Returns the claims of the caller, if the route requires a token.
    fn claims(
        &self,
        target: &Target,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Option<Map<String, Value>>, GatewayError> {
        let Access::Token { scopes } = &target.access else { return Ok(None) };
        let token = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        match self.tokens.check(token, scopes, now) {
            Ok(claims) => Ok(Some(claims.as_strings())),
            Err(invalid) => {
                tracing::debug!("failed to {invalid}");
                Err(GatewayError::Unauthorized)
            }
        }
    }
}
