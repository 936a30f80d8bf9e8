//! Requests to AWS services, signed with Signature Version 4 by AWS's own signer.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;

use super::config::AwsConfig;

/// A POST request to an AWS service.
pub(crate) struct Call<'a> {
    /// The service's name in the signature.
    pub(crate) service: &'a str,
    /// Scheme, host and port.
    pub(crate) endpoint: String,
    /// Begins with `/`.
    pub(crate) path: &'a str,
    /// In lower case.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Bytes,
}

/// Signs `call` with the credentials of `aws`, without sending it. A call that can't be signed is
/// sent without a signature, and AWS refuses it.
pub(crate) fn signed_request(
    client: &reqwest::Client,
    aws: &AwsConfig,
    call: Call<'_>,
    now: SystemTime,
) -> reqwest::RequestBuilder {
    let url = format!("{}{}", call.endpoint.trim_end_matches('/'), call.path);
    let mut request = client.post(&url);
    for (name, value) in call.headers {
        request = request.header(*name, *value);
    }
    for (name, value) in signature(aws, &call, &url, now).unwrap_or_default() {
        request = request.header(name, value);
    }
    request.body(call.body)
}

/// Returns the headers that sign a call.
fn signature(aws: &AwsConfig, call: &Call<'_>, url: &str, now: SystemTime) -> Option<Vec<(String, String)>> {
    let token = (!aws.session_token.is_empty()).then(|| aws.session_token.clone());
    let identity =
        Credentials::new(&aws.access_key_id, &aws.secret_access_key, token, None, env!("CARGO_PKG_NAME")).into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&aws.region)
        .name(call.service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .ok()?;
    let body = SignableBody::Bytes(&call.body);
    let request = SignableRequest::new("POST", url, call.headers.iter().copied(), body).ok()?;
    let (signed, _) = sign(request, &params.into()).ok()?.into_parts();
    Some(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
