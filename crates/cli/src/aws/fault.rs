//! Why AWS did not answer as it was asked to, and what mends it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_xray::error::{ProvideErrorMetadata, SdkError};

/// What stood in the way. No text of these holds a secret: AWS's messages name users and actions, never keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AwsFault {
    #[error("no region is set")]
    NoRegion,
    #[error("there are no AWS credentials{0}")]
    NoCredentials(String),
    #[error("the AWS credentials are not taken ({0})")]
    BadCredentials(String),
    #[error("the AWS credentials have expired")]
    Expired,
    #[error("no permission for {action}")]
    Denied { action: &'static str },
    #[error("{action} is throttled")]
    Throttled { action: &'static str },
    #[error("{action} finds nothing of that name ({message})")]
    Missing { action: &'static str, message: String },
    #[error("{action} could not be reached ({why})")]
    Unreachable { action: &'static str, why: String },
    #[error("{action} failed ({code}) {message}")]
    Other { action: &'static str, code: String, message: String },
}

impl AwsFault {
    /// What to do about it.
    pub(crate) fn mend(&self) -> String {
        match self {
            Self::NoRegion => "set AWS_REGION to the region that the stack is in".to_owned(),
            Self::NoCredentials(_) | Self::BadCredentials(_) => {
                "sign in as the AWS CLI does: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for SSO: \
                 eval \"$(aws configure export-credentials --format env)\""
                    .to_owned()
            }
            Self::Expired => {
                "sign in again: aws sso login, then eval \"$(aws configure export-credentials --format env)\""
                    .to_owned()
            }
            Self::Denied { action } => format!("allow {action} for whoever runs doctor"),
            Self::Throttled { .. } => "wait a minute and ask again".to_owned(),
            Self::Missing { .. } => "look whether name and region are those of the stack (AWS_REGION)".to_owned(),
            Self::Unreachable { .. } => "look at the network, and at AWS_REGION".to_owned(),
            Self::Other { .. } => "see AWS's words before this".to_owned(),
        }
    }

    /// Whether asking again in a moment may help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Throttled { .. })
    }

    pub(super) fn no_credentials(error: &CredentialsError) -> Self {
        match error {
            CredentialsError::CredentialsNotLoaded(_) => Self::NoCredentials(String::new()),
            other => Self::NoCredentials(format!(": {}", chain(other))),
        }
    }

    /// By the code of AWS's answer.
    pub(super) fn of_code(action: &'static str, code: &str, message: &str) -> Self {
        let is = |names: &[&str]| names.iter().any(|name| code.contains(name));
        let message = message.to_owned();
        if is(&["AccessDenied", "UnauthorizedOperation", "NotAuthorized"]) {
            Self::Denied { action }
        } else if is(&["ExpiredToken", "RequestExpired"]) || message.contains("is expired") {
            Self::Expired
        } else if is(&["UnrecognizedClient", "InvalidClientTokenId", "Signature", "MissingAuthenticationToken"]) {
            Self::BadCredentials(code.to_owned())
        } else if is(&["Throttl", "TooManyRequests", "RequestLimitExceeded"]) {
            Self::Throttled { action }
        } else if is(&["NotFound"]) || message.contains("does not exist") {
            Self::Missing { action, message }
        } else {
            Self::Other { action, code: code.to_owned(), message }
        }
    }

    /// By the SDK's error.
    pub(super) fn of_sdk<E, R>(action: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug,
    {
        match error {
            SdkError::ServiceError(answered) => {
                let meta = answered.err().meta();
                Self::of_code(action, meta.code().unwrap_or("no reason given"), meta.message().unwrap_or_default())
            }
            other => Self::Unreachable { action, why: other.source().map_or_else(|| other.to_string(), chain) },
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_aws_has_its_meaning_and_its_mend() {
        for (code, message, said) in [
            ("AccessDeniedException", "", "no permission for xray:GetGroups"),
            ("AccessDenied", "User: arn is not authorized", "no permission"),
            ("ExpiredTokenException", "", "have expired"),
            ("UnrecognizedClientException", "", "are not taken"),
            ("SignatureDoesNotMatch", "", "are not taken"),
            ("ThrottledException", "", "is throttled"),
            ("TooManyRequestsException", "", "is throttled"),
            ("ValidationError", "Stack with id x does not exist", "finds nothing"),
            ("ResourceNotFoundException", "", "finds nothing"),
            ("InternalFailure", "oh", "failed (InternalFailure) oh"),
        ] {
            let fault = AwsFault::of_code("xray:GetGroups", code, message);
            assert!(fault.to_string().contains(said), "{code}: {fault}");
            assert!(!fault.mend().is_empty());
        }
    }
}
