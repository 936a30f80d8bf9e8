//! Parses the `Authorization` header of a signed call.

use std::time::SystemTime;

use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::error::SignatureError;
use crate::handler::Call;

/// The format of `X-Amz-Date`.
const AMZ_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// The parts of an `Authorization` header, and the date that the call was signed with.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) id: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) signature: &'a str,
    pub(super) time: SystemTime,
}

impl<'a> Authorization<'a> {
    /// Parses the signature of a call to `service`.
    pub(super) fn parse(call: &'a Call, service: &'a str) -> Result<Self, SignatureError> {
        let authorization = call.header("authorization").ok_or_else(|| malformed("no Authorization header"))?;
        let parts = authorization
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or_else(|| malformed("the algorithm is not AWS4-HMAC-SHA256"))?;
        let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let date = call.header("x-amz-date").unwrap_or("");
        let time = PrimitiveDateTime::parse(date, AMZ_DATE)
            .map_err(|_| malformed("no X-Amz-Date in the format 20260101T000000Z"))?
            .assume_utc();
        let (id, region) = scope(part("Credential").unwrap_or(""), date, service)?;
        let signed_headers: Vec<_> = part("SignedHeaders").unwrap_or("").split(';').collect();
        if !signed_headers.contains(&"host") || !signed_headers.contains(&"x-amz-date") {
            return Err(malformed("the signed headers lack host or x-amz-date"));
        }
        let signature = part("Signature").unwrap_or("");
        if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed("the signature does not have 64 hexadecimal digits"));
        }
        Ok(Self { id, region, service, signed_headers, signature, time: time.into() })
    }
}

/// Parses a credential scope, `<id>/<day>/<region>/<service>/aws4_request`, into id and region.
fn scope<'a>(credential: &'a str, date: &str, expected_service: &str) -> Result<(&'a str, &'a str), SignatureError> {
    let parts: Vec<_> = credential.split('/').collect();
    let (id, region, service) = match parts[..] {
        [id, day, region, service, "aws4_request"] if !id.is_empty() && !region.is_empty() => {
            if !date.starts_with(day) || day.len() != 8 {
                return Err(malformed("the credential scope has another date than X-Amz-Date"));
            }
            (id, region, service)
        }
        _ => return Err(malformed("the credential scope does not have five parts")),
    };
    if service != expected_service {
        return Err(malformed("the credential scope names another service"));
    }
    Ok((id, region))
}

fn malformed(message: &'static str) -> SignatureError {
    SignatureError { kind: "MissingAuthenticationTokenException", message }
}
