//! A failed attempt of a DynamoDB request, and whether to repeat it.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

use crate::error::BoxError;

/// The error codes after which the same request may succeed a moment later, besides every status of
/// 500 and above.
const TRANSIENT: [&str; 6] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    /// DynamoDB's error code, or the SDK's kind of error.
    pub(crate) code: String,
    /// Whether the same request may succeed a moment later.
    pub(crate) is_transient: bool,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) source: BoxError,
}

impl<E> From<SdkError<E>> for Failure
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().map_or_else(|| kind(&error).to_owned(), str::to_owned);
        // DynamoDB may have executed a request without a response. Repeating it is safe: reads
        // change nothing, and writes carry a token.
        let no_response = !matches!(&error, SdkError::ServiceError(_) | SdkError::ConstructionFailure(_));
        let is_transient =
            no_response || TRANSIENT.contains(&code.as_str()) || status.is_some_and(|status| status >= 500);
        let request_id = error.request_id().map(str::to_owned);
        Self { code, is_transient, status, request_id, source: Box::new(error) }
    }
}

fn kind<E>(error: &SdkError<E>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "construction_failure",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch_failure",
        SdkError::ResponseError(_) => "response_error",
        _ => "service_error",
    }
}
