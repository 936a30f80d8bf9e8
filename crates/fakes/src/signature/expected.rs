//! Computes the expected signature of a call with AWS's own signer.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use super::authorization::Authorization;
use super::credentials::AwsCredentials;
use crate::handler::Call;

/// Returns the expected signature, or `None` if the call cannot be signed.
pub(super) fn signature(call: &Call, authorization: &Authorization<'_>, known: &AwsCredentials) -> Option<String> {
    let identity = Credentials::new(&known.id, known.secret.reveal(), None, None, "fake").into();
    let mut settings = SigningSettings::default();
    // The caller's list decides which headers are signed.
    settings.excluded_headers = None;
    let params = SigningParams::builder()
        .identity(&identity)
        .region(authorization.region)
        .name(authorization.service)
        .time(authorization.time)
        .settings(settings)
        .build()
        .ok()?;
    let headers = authorization.signed_headers.iter().filter_map(|name| Some((*name, call.header(name)?)));
    let uri = format!("http://{}{}", call.header("host")?, call.uri.path_and_query()?);
    let request = SignableRequest::new(call.method.as_str(), uri, headers, SignableBody::Bytes(&call.body)).ok()?;
    Some(sign(request, &params.into()).ok()?.into_parts().1)
}
