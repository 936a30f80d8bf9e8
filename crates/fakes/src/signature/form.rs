//! The parts of a signed call.

use std::time::SystemTime;

use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::Flaw;
use crate::handler::Call;

const STAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// A signature taken apart.
#[derive(Debug)]
pub(super) struct Form<'a> {
    pub(super) id: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) signature: &'a str,
    pub(super) time: SystemTime,
}

impl<'a> Form<'a> {
    /// Reads the signature of a call to `service`, or says what is wrong with its form.
    pub(super) fn read(call: &'a Call, service: &str) -> Result<Self, Flaw> {
        let authorization = call.header("authorization").ok_or_else(|| flaw("no Authorization header"))?;
        let parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(|| flaw("not AWS4-HMAC-SHA256"))?;
        let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let date = call.header("x-amz-date").unwrap_or("");
        let time = PrimitiveDateTime::parse(date, STAMP)
            .map_err(|_| flaw("no X-Amz-Date of the form 20260101T000000Z"))?
            .assume_utc();
        let scope: Vec<_> = part("Credential").unwrap_or("").split('/').collect();
        let (id, region, of) = match scope[..] {
            [id, day, region, of, "aws4_request"] if !id.is_empty() && !region.is_empty() => {
                if !date.starts_with(day) || day.len() != 8 {
                    return Err(flaw("the credential is of another day than X-Amz-Date"));
                }
                (id, region, of)
            }
            _ => return Err(flaw("the credential has no scope of five parts")),
        };
        if of != service {
            return Err(flaw("the credential is for another service"));
        }
        let signed_headers: Vec<_> = part("SignedHeaders").unwrap_or("").split(';').collect();
        if !signed_headers.contains(&"host") || !signed_headers.contains(&"x-amz-date") {
            return Err(flaw("host and x-amz-date are not signed"));
        }
        let signature = part("Signature").unwrap_or("");
        if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(flaw("the signature has not 64 hexadecimal digits"));
        }
        Ok(Self { id, region, service: of, signed_headers, signature, time: time.into() })
    }
}

fn flaw(message: &'static str) -> Flaw {
    Flaw { kind: "MissingAuthenticationTokenException", message }
}
