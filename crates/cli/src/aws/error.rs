//! Why an AWS call failed, and how to fix it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_xray::error::{ProvideErrorMetadata, SdkError};
use crudder_text::error_chain;

/// The cause of a failed call. Its text holds no secret: AWS messages name users and actions, never
/// keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AwsError {
    #[error("no AWS region is set")]
    NoRegion,
    /// With the provider's error after a colon, if there is one.
    #[error("found no AWS credentials{0}")]
    NoCredentials(String),
    /// With AWS's error code, or the signer's message.
    #[error("the AWS credentials are invalid ({0})")]
    InvalidCredentials(String),
    #[error("the AWS credentials have expired")]
    ExpiredCredentials,
    #[error("no permission for {action}")]
    AccessDenied { action: &'static str },
    #[error("{action} is throttled")]
    Throttled { action: &'static str },
    #[error("{action} found nothing by that name ({message})")]
    NotFound { action: &'static str, message: String },
    #[error("{action} failed: {cause}")]
    Unreachable { action: &'static str, cause: String },
    #[error("{action} failed with {code}: {message}")]
    Other { action: &'static str, code: String, message: String },
}

impl AwsError {
    /// Returns how to fix it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::NoRegion => "set AWS_REGION to the stack's region".to_owned(),
            Self::NoCredentials(_) | Self::InvalidCredentials(_) => {
                "sign in as for the AWS CLI: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; with SSO: \
                 eval \"$(aws configure export-credentials --format env)\""
                    .to_owned()
            }
            Self::ExpiredCredentials => {
                "sign in again: run aws sso login, then eval \"$(aws configure export-credentials --format env)\""
                    .to_owned()
            }
            Self::AccessDenied { action } => format!("allow {action} for the identity that runs this command"),
            Self::Throttled { .. } => "wait a minute and run the command again".to_owned(),
            Self::NotFound { .. } => "check that the name is right and AWS_REGION is the stack's region".to_owned(),
            Self::Unreachable { .. } => "check the network and AWS_REGION".to_owned(),
            Self::Other { .. } => "see the AWS message before this".to_owned(),
        }
    }

    /// Whether a retry after a moment may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. })
    }

    pub(super) fn from_credentials(error: &CredentialsError) -> Self {
        match error {
            CredentialsError::CredentialsNotLoaded(_) => Self::NoCredentials(String::new()),
            other => Self::NoCredentials(format!(": {}", error_chain(other))),
        }
    }

    /// Classifies the error code and message of an AWS response.
    pub(super) fn from_code(action: &'static str, code: &str, message: &str) -> Self {
        let is = |names: &[&str]| names.iter().any(|name| code.contains(name));
        let message = message.to_owned();
        if is(&["AccessDenied", "UnauthorizedOperation", "NotAuthorized"]) {
            Self::AccessDenied { action }
        } else if is(&["ExpiredToken", "RequestExpired"]) || message.contains("is expired") {
            Self::ExpiredCredentials
        } else if is(&["UnrecognizedClient", "InvalidClientTokenId", "Signature", "MissingAuthenticationToken"]) {
            Self::InvalidCredentials(code.to_owned())
        } else if is(&["Throttl", "TooManyRequests", "RequestLimitExceeded"]) {
            Self::Throttled { action }
        } else if is(&["NotFound"]) || message.contains("does not exist") {
            Self::NotFound { action, message }
        } else {
            Self::Other { action, code: code.to_owned(), message }
        }
    }

    /// Classifies an error of the SDK.
    pub(super) fn from_sdk<E, R>(action: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug,
    {
        match error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                Self::from_code(action, meta.code().unwrap_or("no error code"), meta.message().unwrap_or_default())
            }
            other => {
                let cause = other.source().map_or_else(|| other.to_string(), error_chain);
                Self::Unreachable { action, cause }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_aws_error_code_has_a_message_and_a_fix() {
        for (code, message, expected) in [
            ("AccessDeniedException", "", "no permission for xray:GetGroups"),
            ("AccessDenied", "User: arn is not authorized", "no permission"),
            ("ExpiredTokenException", "", "have expired"),
            ("UnrecognizedClientException", "", "are invalid"),
            ("SignatureDoesNotMatch", "", "are invalid"),
            ("ThrottledException", "", "is throttled"),
            ("TooManyRequestsException", "", "is throttled"),
            ("ValidationError", "Stack with id x does not exist", "found nothing"),
            ("ResourceNotFoundException", "", "found nothing"),
            ("InternalFailure", "oh", "failed with InternalFailure: oh"),
        ] {
            let error = AwsError::from_code("xray:GetGroups", code, message);
            assert!(error.to_string().contains(expected), "{code}: {error}");
            assert!(!error.fix().is_empty());
        }
    }
}
