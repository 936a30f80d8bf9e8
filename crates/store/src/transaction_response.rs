//! The response to a transaction: committed, refused by a condition, or a failure to retry.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};

use crate::failure::Failure;
use crate::table::consumed_units;

/// The position of an item in its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ItemIndex(pub(crate) usize);

/// The outcome of a transaction.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All items are written.
    Committed,
    /// No item is written, because the conditions of these items failed.
    ConditionsFailed(Vec<ItemIndex>),
}

/// A response that a retry would not change.
pub(crate) enum FinalResponse {
    Committed(TransactWriteItemsOutput),
    ConditionsFailed { failed: Vec<ItemIndex>, request_id: Option<String> },
}

impl FinalResponse {
    /// Returns the capacity units consumed.
    pub(crate) fn units(&self) -> Option<f64> {
        match self {
            Self::Committed(response) => consumed_units(response.consumed_capacity()),
            Self::ConditionsFailed { .. } => None,
        }
    }
}

impl From<FinalResponse> for Outcome {
    fn from(response: FinalResponse) -> Self {
        match response {
            FinalResponse::Committed(_) => Self::Committed,
            FinalResponse::ConditionsFailed { failed, .. } => Self::ConditionsFailed(failed),
        }
    }
}

impl RequestId for FinalResponse {
    fn request_id(&self) -> Option<&str> {
        match self {
            Self::Committed(response) => response.request_id(),
            Self::ConditionsFailed { request_id, .. } => request_id.as_deref(),
        }
    }
}

/// Separates a failed condition, which is a final response, from a conflict or throttling, which is
/// transient.
pub(crate) fn classify(
    response: Result<TransactWriteItemsOutput, SdkError<TransactWriteItemsError>>,
) -> Result<FinalResponse, Failure> {
    let error = match response {
        Ok(response) => return Ok(FinalResponse::Committed(response)),
        Err(error) => error,
    };
    let codes: Vec<String> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None").to_owned()).collect()
        }
        _ => return Err(Failure::from(error)),
    };
    let failed: Vec<ItemIndex> = codes
        .iter()
        .enumerate()
        .filter(|(_, code)| *code == "ConditionalCheckFailed")
        .map(|(at, _)| ItemIndex(at))
        .collect();
    if !failed.is_empty() {
        return Ok(FinalResponse::ConditionsFailed { failed, request_id: error.request_id().map(str::to_owned) });
    }
    let mut failure = Failure::from(error);
    if let Some(code) = codes.into_iter().find(|code| code != "None") {
        failure.is_transient = TRANSIENT.contains(&code.as_str());
        failure.code = code;
    }
    Err(failure)
}

/// The transient reasons of a cancelled transaction. API Reference, TransactionCanceledException.
const TRANSIENT: [&str; 3] = ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"];
