//! The form of a signed call to AWS. The signature itself is not reckoned: the stand-in knows no secret key.

use crate::desk::Call;

/// What is wrong with the signature's form, if anything is: Signature Version 4 for `service`.
pub(crate) fn flaw(call: &Call, service: &str) -> Option<&'static str> {
    let Some(authorization) = call.header("authorization") else { return Some("no Authorization header") };
    let Some(parts) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else { return Some("not AWS4-HMAC-SHA256") };
    let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let scope: Vec<_> = part("Credential").unwrap_or("").split('/').collect();
    let date = call.header("x-amz-date").unwrap_or("");
    if !is_stamp(date) {
        return Some("no X-Amz-Date of the form 20260101T000000Z");
    }
    match scope[..] {
        [id, day, region, of, "aws4_request"] if !id.is_empty() && !region.is_empty() => {
            if day != &date[..8] {
                return Some("the credential is of another day than X-Amz-Date");
            }
            if of != service {
                return Some("the credential is for another service");
            }
        }
        _ => return Some("the credential has no scope of five parts"),
    }
    let signed: Vec<_> = part("SignedHeaders").unwrap_or("").split(';').collect();
    if !signed.contains(&"host") || !signed.contains(&"x-amz-date") {
        return Some("host and x-amz-date are not signed");
    }
    let signature = part("Signature").unwrap_or("");
    let is_whole = signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!is_whole).then_some("the signature has not 64 hexadecimal digits")
}

fn is_stamp(date: &str) -> bool {
    date.len() == 16
        && date.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}
