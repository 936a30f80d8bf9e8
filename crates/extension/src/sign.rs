//! AWS's Signature Version 4, for the three calls that the layer may make. The SDK would be most of the binary.

use std::time::SystemTime;

use aws_lc_rs::{digest, hmac};
use bytes::Bytes;

use crate::config::AwsConfig;

/// One POST to a service of AWS.
pub(crate) struct Call<'a> {
    /// The name that is signed for.
    pub(crate) service: &'a str,
    /// Scheme, host and port.
    pub(crate) endpoint: String,
    /// Beginning with `/`.
    pub(crate) path: &'a str,
    /// Lower case, sorted.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Bytes,
}

/// The signed request, not yet sent.
pub(crate) fn request(
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
    let stamp = now.format(format).unwrap_or_default();
    let host = call.endpoint.split("://").nth(1).unwrap_or_default().trim_end_matches('/');
    let mut headers: Vec<(String, String)> =
        call.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.push(("host".to_owned(), host.to_owned()));
    headers.push(("x-amz-date".to_owned(), stamp.clone()));
    if !aws.session_token.is_empty() {
        headers.push(("x-amz-security-token".to_owned(), aws.session_token.clone()));
    }
    headers.sort();
    let authorization = authorize(aws, call, &headers, &stamp);
    headers.push(("authorization".to_owned(), authorization));
    headers
}

fn authorize(aws: &AwsConfig, call: &Call<'_>, headers: &[(String, String)], stamp: &str) -> String {
    let date = stamp.get(..8).unwrap_or_default();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let payload = hex(digest::digest(&digest::SHA256, &call.body).as_ref());
    let canonical = format!("POST\n{}\n\n{lines}\n{names}\n{payload}", call.path);
    let scope = format!("{date}/{}/{}/aws4_request", aws.region, call.service);
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}");
    let mut key = format!("AWS4{}", aws.secret_access_key).into_bytes();
    for part in [date, &aws.region, call.service, "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex(&mac(&key, &to_sign));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", aws.access_key_id)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
