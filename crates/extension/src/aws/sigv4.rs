//! Requests to AWS services, signed with Signature Version 4.

use std::time::SystemTime;

use aws_lc_rs::{digest, hmac};
use bytes::Bytes;
use crudder_text::hex;

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

/// Signs `call` with the credentials of `aws`, without sending it.
pub(crate) fn signed_request(
    client: &reqwest::Client,
    aws: &AwsConfig,
    call: Call<'_>,
    now: SystemTime,
) -> reqwest::RequestBuilder {
    let headers = signed_headers(aws, &call, now);
    let mut request = client.post(format!("{}{}", call.endpoint.trim_end_matches('/'), call.path));
    for (name, value) in headers.iter().filter(|(name, _)| name != "host") {
        request = request.header(name, value);
    }
    request.body(call.body)
}

fn signed_headers(aws: &AwsConfig, call: &Call<'_>, now: SystemTime) -> Vec<(String, String)> {
    let now = time::OffsetDateTime::from(now);
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let timestamp = now.format(format).unwrap_or_default();
    let host = call.endpoint.split("://").nth(1).unwrap_or_default().trim_end_matches('/');
    let mut headers: Vec<(String, String)> =
        call.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.push(("host".to_owned(), host.to_owned()));
    headers.push(("x-amz-date".to_owned(), timestamp.clone()));
    if !aws.session_token.is_empty() {
        headers.push(("x-amz-security-token".to_owned(), aws.session_token.clone()));
    }
    headers.sort();
    let authorization = authorization(aws, call, &headers, &timestamp);
    headers.push(("authorization".to_owned(), authorization));
    headers
}

fn authorization(aws: &AwsConfig, call: &Call<'_>, headers: &[(String, String)], timestamp: &str) -> String {
    let date = timestamp.get(..8).unwrap_or_default();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let payload = hex(digest::digest(&digest::SHA256, &call.body).as_ref());
    let canonical = format!("POST\n{}\n\n{lines}\n{names}\n{payload}", call.path);
    let scope = format!("{date}/{}/{}/aws4_request", aws.region, call.service);
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{hashed}");
    let mut key = format!("AWS4{}", aws.secret_access_key).into_bytes();
    for part in [date, &aws.region, call.service, "aws4_request"] {
        key = hmac_sha256(&key, part);
    }
    let signature = hex(&hmac_sha256(&key, &to_sign));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", aws.access_key_id)
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}
