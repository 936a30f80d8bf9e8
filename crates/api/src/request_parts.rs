//! An HTTP request as telemetry records it, before its handler runs.

use crudder_telemetry::{HttpRequest, Invocation, Trigger};
use http::header::{HOST, HeaderMap, HeaderName, USER_AGENT};
use http::request::Parts;
use http::{Method, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{Context, RequestExt as _};

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The parts of a request that outlive its handler. The body is not one of them.
#[derive(Debug)]
pub(crate) struct RequestParts {
    /// The gateway's context of the request, with the authorizer's claims.
    pub(crate) context: RequestContext,
    /// The path of the request, without the stage.
    pub(crate) path: String,
    lambda: Context,
    headers: HeaderMap,
    method: Method,
    uri: Uri,
    body_bytes: u64,
}

impl RequestParts {
    pub(crate) fn new(parts: Parts, body_bytes: u64) -> Self {
        Self {
            path: parts.raw_http_path().to_owned(),
            context: parts.request_context(),
            lambda: parts.lambda_context(),
            headers: parts.headers,
            method: parts.method,
            uri: parts.uri,
            body_bytes,
        }
    }

    /// Returns the attributes of the invocation.
    pub(crate) fn invocation(&self) -> Invocation<'_> {
        Invocation::from_context(&self.lambda, Trigger::Http(self.http())).with_traceparent(self.header(&TRACEPARENT))
    }

    /// Returns the attributes of the HTTP request.
    pub(crate) fn http(&self) -> HttpRequest<'_> {
        let host = self.header(&HOST);
        HttpRequest::new(self.method.as_str(), self.route(), &self.path)
            .with_query(self.uri.query())
            .with_scheme(self.header(&X_FORWARDED_PROTO).unwrap_or("https"))
            .with_client_address(self.source_ip())
            .with_user_agent(self.header(&USER_AGENT))
            .with_server_address(host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name)))
            .with_protocol_version(self.protocol().and_then(|protocol| protocol.strip_prefix("HTTP/")))
            .with_body_size(Some(self.body_bytes))
    }

    /// Returns the route's template, such as `/api/activities/{id}`; empty where the gateway names
    /// none.
    pub(crate) fn route(&self) -> &str {
        match &self.context {
            RequestContext::ApiGatewayV1(context) => context.resource_path.as_deref().unwrap_or_default(),
            // The key is `GET /api/activities/{id}` or `$default`.
            RequestContext::ApiGatewayV2(context) => {
                context.route_key.as_deref().and_then(|key| key.split_once(' ')).map_or("", |(_, route)| route)
            }
            _ => "",
        }
    }

    /// Returns the path in the client's address, including the stage of a REST API.
    pub(crate) fn public_path(&self) -> &str {
        match &self.context {
            RequestContext::ApiGatewayV1(context) => context.path.as_deref().unwrap_or(&self.path),
            RequestContext::ApiGatewayV2(context) => context.http.path.as_deref().unwrap_or(&self.path),
            _ => &self.path,
        }
    }

    fn source_ip(&self) -> Option<&str> {
        match &self.context {
            RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
            RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
            _ => None,
        }
    }

    fn protocol(&self) -> Option<&str> {
        match &self.context {
            RequestContext::ApiGatewayV1(context) => context.protocol.as_deref(),
            RequestContext::ApiGatewayV2(context) => context.http.protocol.as_deref(),
            _ => None,
        }
    }

    /// Returns the route, or the path where the gateway names no route.
    pub(crate) fn route_or_path(&self) -> &str {
        match self.route() {
            "" => &self.path,
            route => route,
        }
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
