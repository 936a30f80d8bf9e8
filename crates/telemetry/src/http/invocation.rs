//! A `lambda_http` request as an invocation. It outlives the request, which the handler consumes.

use lambda_http::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use lambda_http::http::{Method, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{Context, Request, RequestExt};

use crate::http_request::HttpRequest;
use crate::invocation::{Invocation, Trigger};

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The parts of a `lambda_http` request that telemetry needs. They outlive the request.
///
/// It knows REST APIs, HTTP APIs and function URLs. Requests from other sources have neither a route
/// nor a client address.
#[derive(Debug, Clone)]
pub struct HttpInvocation {
    lambda: Context,
    method: Method,
    uri: Uri,
    path: String,
    body_size: u64,
    gateway: Gateway,
    scheme: Option<HeaderValue>,
    host: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    traceparent: Option<HeaderValue>,
}

/// The gateway's description of a request.
#[derive(Debug, Clone, Default)]
struct Gateway {
    route: String,
    client_address: Option<String>,
    protocol: Option<String>,
}

impl Gateway {
    fn of(context: Option<&RequestContext>) -> Self {
        match context {
            Some(RequestContext::ApiGatewayV1(context)) => Self {
                route: context.resource_path.clone().unwrap_or_default(),
                client_address: context.identity.source_ip.clone(),
                protocol: context.protocol.clone(),
            },
            Some(RequestContext::ApiGatewayV2(context)) => {
                // `GET /api/activities/{id}`, or `$default`.
                let route = context.route_key.as_deref().and_then(|key| key.split_once(' '));
                Self {
                    route: route.map(|(_, route)| route.to_owned()).unwrap_or_default(),
                    client_address: context.http.source_ip.clone(),
                    protocol: context.http.protocol.clone(),
                }
            }
            _ => Self::default(),
        }
    }
}

impl HttpInvocation {
    /// Copies the parts of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let header = |name: &HeaderName| HeaderMap::get(request.headers(), name).cloned();
        Self {
            lambda: request.lambda_context_ref().cloned().unwrap_or_default(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            path: request.raw_http_path().to_owned(),
            body_size: request.body().len() as u64,
            gateway: Gateway::of(request.request_context_ref()),
            scheme: header(&X_FORWARDED_PROTO),
            host: header(&HOST),
            user_agent: header(&USER_AGENT),
            traceparent: header(&TRACEPARENT),
        }
    }

    /// Returns the invocation, for [`Telemetry::observe`](crate::Telemetry::observe).
    #[must_use]
    pub fn invocation(&self) -> Invocation<'_> {
        Invocation::from_context(&self.lambda, Trigger::Http(self.request()))
            .with_traceparent(text(self.traceparent.as_ref()))
    }

    /// Returns the attributes of the HTTP request.
    #[must_use]
    pub fn request(&self) -> HttpRequest<'_> {
        let host = text(self.host.as_ref());
        let protocol = self.gateway.protocol.as_deref();
        HttpRequest::new(self.method.as_str(), &self.gateway.route, &self.path)
            .with_scheme(text(self.scheme.as_ref()).unwrap_or("https"))
            .with_query(self.uri.query())
            .with_client_address(self.gateway.client_address.as_deref())
            .with_user_agent(text(self.user_agent.as_ref()))
            .with_server_address(host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name)))
            .with_protocol_version(protocol.and_then(|protocol| protocol.strip_prefix("HTTP/")))
            .with_body_size(Some(self.body_size))
    }
}

/// The text of a header; `None` if it holds other bytes.
fn text(header: Option<&HeaderValue>) -> Option<&str> {
    header?.to_str().ok()
}
