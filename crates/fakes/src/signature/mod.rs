//! Checks of AWS Signature Version 4 on a call.

mod authorization;
mod credentials;
mod error;
mod expected;

use std::time::{Duration, SystemTime};

use authorization::Authorization;
pub use credentials::AwsCredentials;
pub(crate) use error::SignatureError;

use crate::handler::Call;

/// AWS accepts a signature five minutes before and after its date (IAM User Guide, "Signing AWS API
/// requests").
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Checks the form and the date of the signature, and with known credentials the signature itself.
///
/// # Errors
/// Returns the error that AWS answers with.
pub(crate) fn check(
    call: &Call,
    service: &str,
    known: Option<&AwsCredentials>,
    now: SystemTime,
) -> Result<(), SignatureError> {
    let authorization = Authorization::parse(call, service)?;
    let age = now.duration_since(authorization.time).unwrap_or_else(|error| error.duration());
    if age > MAX_CLOCK_SKEW {
        return Err(SignatureError { kind: "InvalidSignatureException", message: "Signature expired" });
    }
    match known {
        None => Ok(()),
        Some(known) if known.id != authorization.id => Err(SignatureError {
            kind: "UnrecognizedClientException",
            message: "The security token included in the request is invalid.",
        }),
        Some(known) if expected::signature(call, &authorization, known).as_deref() == Some(authorization.signature) => {
            Ok(())
        }
        Some(_) => Err(SignatureError {
            kind: "InvalidSignatureException",
            message: "The request signature we calculated does not match the signature you provided.",
        }),
    }
}
