//! AWS's Signature Version 4: whether a call bears one, and whether it is right.

mod form;
mod proof;

use std::time::{Duration, SystemTime};

use form::Form;

use crate::AwsCredentials;
use crate::handler::Call;

/// A signature is good for five minutes, both ways.
const SKEW: Duration = Duration::from_secs(300);

/// Why a call is not let in, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) kind: &'static str,
    pub(crate) message: &'static str,
}

/// Checks the form, the time, and, where the fake knows credentials, the signature itself.
pub(crate) fn check(call: &Call, service: &str, known: Option<&AwsCredentials>, now: SystemTime) -> Result<(), Flaw> {
    let form = Form::read(call, service)?;
    let age = now.duration_since(form.time).unwrap_or_else(|error| error.duration());
    if age > SKEW {
        return Err(Flaw { kind: "InvalidSignatureException", message: "Signature expired" });
    }
    match known {
        None => Ok(()),
        Some(known) if known.id != form.id => Err(Flaw {
            kind: "UnrecognizedClientException",
            message: "The security token included in the request is invalid.",
        }),
        Some(known) if proof::signature(call, &form, known).as_deref() == Some(form.signature) => Ok(()),
        Some(_) => Err(Flaw {
            kind: "InvalidSignatureException",
            message: "The request signature we calculated does not match the signature you provided.",
        }),
    }
}
