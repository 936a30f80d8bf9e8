//! Who asks: the claims that the gateway's authorizer has checked.

use lambda_http::request::RequestContext;

/// The `sub` of a checked access token: from a REST API's Cognito authorizer, or from an HTTP API's JWT authorizer.
///
/// The function never reads the `Authorization` header: on a route without an authorizer nobody has checked it.
pub(crate) fn subject(context: &RequestContext) -> Option<&str> {
    match context {
        RequestContext::ApiGatewayV1(context) => context.authorizer.fields.get("claims")?.get("sub")?.as_str(),
        RequestContext::ApiGatewayV2(context) => {
            Some(context.authorizer.as_ref()?.jwt.as_ref()?.claims.get("sub")?.as_str())
        }
        _ => None,
    }
}
