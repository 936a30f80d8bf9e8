//! The signature reckoned again, by AWS's own signer.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use super::form::Form;
use crate::AwsCredentials;
use crate::handler::Call;

/// What the signature has to be; nothing where the call can't be signed at all.
pub(super) fn signature(call: &Call, form: &Form<'_>, known: &AwsCredentials) -> Option<String> {
    let identity = Credentials::new(&known.id, known.secret.reveal(), None, None, "fake").into();
    let mut settings = SigningSettings::default();
    // All that the caller signed, and nothing else: the list of headers is the caller's.
    settings.excluded_headers = None;
    let params = SigningParams::builder()
        .identity(&identity)
        .region(form.region)
        .name(form.service)
        .time(form.time)
        .settings(settings)
        .build()
        .ok()?;
    let headers = form.signed_headers.iter().filter_map(|name| Some((*name, call.header(name)?)));
    let uri = format!("http://{}{}", call.header("host")?, call.uri.path_and_query()?);
    let request = SignableRequest::new(call.method.as_str(), uri, headers, SignableBody::Bytes(&call.body)).ok()?;
    Some(sign(request, &params.into()).ok()?.into_parts().1)
}
