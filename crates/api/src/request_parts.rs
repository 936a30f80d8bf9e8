//! The parts of an HTTP request that outlive its handler.

use crudder_telemetry::{HttpInvocation, HttpRequest, Invocation};
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;

/// The parts of a request that telemetry and links need after the handler consumed it. The body is
/// not one of them.
#[derive(Debug)]
pub(crate) struct RequestParts {
    /// The gateway's context of the request, with the authorizer's claims.
    pub(crate) context: RequestContext,
    http: HttpInvocation,
}

impl RequestParts {
    pub(crate) fn of(request: &lambda_http::Request) -> Self {
        Self { context: request.request_context(), http: HttpInvocation::of(request) }
    }

    /// Returns the attributes of the invocation.
    pub(crate) fn invocation(&self) -> Invocation<'_> {
        self.http.invocation()
    }

    /// Returns the attributes of the HTTP request.
    pub(crate) fn http(&self) -> HttpRequest<'_> {
        self.http.request()
    }

    /// Returns the path in the client's address, including the stage of a REST API.
    pub(crate) fn public_path(&self) -> &str {
        let path = match &self.context {
            RequestContext::ApiGatewayV1(context) => context.path.as_deref(),
            RequestContext::ApiGatewayV2(context) => context.http.path.as_deref(),
            _ => None,
        };
        path.unwrap_or(self.http().path)
    }

    /// Returns the route's template, such as `/api/activities/{id}`, or the path where the gateway
    /// names no route.
    pub(crate) fn route_or_path(&self) -> &str {
        let request = self.http();
        if request.route.is_empty() { request.path } else { request.route }
    }
}
