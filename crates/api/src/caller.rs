//! The caller of a request, from the claims that the gateway's authorizer has verified.

use lambda_http::request::RequestContext;

/// Returns the `sub` of the verified access token: from the Cognito authorizer of a REST API, or
/// from the JWT authorizer of an HTTP API.
///
/// A function never reads the `Authorization` header, because nothing has verified it on a route
/// without an authorizer.
pub(crate) fn subject(context: &RequestContext) -> Option<&str> {
    match context {
        RequestContext::ApiGatewayV1(context) => context.authorizer.fields.get("claims")?.get("sub")?.as_str(),
        RequestContext::ApiGatewayV2(context) => {
            Some(context.authorizer.as_ref()?.jwt.as_ref()?.claims.get("sub")?.as_str())
        }
        _ => None,
    }
}
