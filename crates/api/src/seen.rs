//! A request as telemetry sees it: what is known of it before its work begins.

use crudder_telemetry::{HttpRequest, Invocation, Trigger};
use http::header::{HOST, HeaderMap, HeaderName, USER_AGENT};
use http::request::Parts;
use http::{Method, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{Context, RequestExt as _};

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The parts of a request that outlive its handling. The body is not among them.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What the gateway says of the request; the authorizer's claims are in it.
    pub(crate) context: RequestContext,
    /// The path as the client asked for it, without the stage.
    pub(crate) path: String,
    lambda: Context,
    headers: HeaderMap,
    method: Method,
    uri: Uri,
    body_bytes: u64,
}

impl Seen {
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

    /// What telemetry is told of the invocation.
    pub(crate) fn invocation(&self) -> Invocation<'_> {
        Invocation::from_context(&self.lambda, Trigger::Http(self.http())).with_traceparent(self.header(&TRACEPARENT))
    }

    /// What telemetry is told of the HTTP request.
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

    /// The route's template: `/api/activities/{id}`. Empty where the gateway names none.
    pub(crate) fn route(&self) -> &str {
        match &self.context {
            RequestContext::ApiGatewayV1(context) => context.resource_path.as_deref().unwrap_or_default(),
            // `GET /api/activities/{id}`, or `$default`.
            RequestContext::ApiGatewayV2(context) => {
                context.route_key.as_deref().and_then(|key| key.split_once(' ')).map_or("", |(_, route)| route)
            }
            _ => "",
        }
    }

    /// The path as the client sees it, with the stage that a REST API's address holds.
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

    /// The route, or where none is named the path itself.
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
