//! One request to DynamoDB, however often it has to be made: its span, its retries, its end.

use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span, field, info_span};

use crate::error::{BoxError, Error};

/// The longest first pause: about two transactions on one item.
const PAUSE_FIRST: Duration = Duration::from_millis(25);
/// The longest pause: a client still waits. Writers that meet on one item thin out as their pauses grow: of a hundred at once that
/// each hold it for ten milliseconds, the last is through after 2 s and ten attempts (simulated).
const PAUSE_MOST: Duration = Duration::from_millis(800);
/// What DynamoDB, or the way to it, answers when the same request may well succeed a moment later. Those with a status of 500
/// and above are such, too.
const PASSING: [&str; 6] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// What a span says of a request before it is made. Never a key's value: those are people.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) span: &'static str,
    pub(crate) doing: &'static str,
    pub(crate) table: String,
    pub(crate) index: Option<&'static str>,
    pub(crate) limit: Option<i32>,
    pub(crate) items: Option<usize>,
    pub(crate) consistent: Option<bool>,
    /// No attempt begins later than so long after the first.
    pub(crate) within: Duration,
}

/// What a span says of an answer.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) rows: Option<usize>,
    pub(crate) units: Option<f64>,
}

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) passing: bool,
    status: Option<u16>,
    request_id: Option<String>,
    source: BoxError,
}

impl<E> From<SdkError<E>> for Failure
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().map_or_else(|| kind(&error).to_owned(), str::to_owned);
        // A request that never got an answer may have been done: repeating it is safe, since reads change nothing and writes
        // carry a token.
        let unanswered = !matches!(&error, SdkError::ServiceError(_) | SdkError::ConstructionFailure(_));
        let passing = unanswered || PASSING.contains(&code.as_str()) || status.is_some_and(|status| status >= 500);
        let request_id = error.request_id().map(str::to_owned);
        Self { code, passing, status, request_id, source: Box::new(error) }
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

impl Call {
    /// Makes the request until it succeeds, or fails for good, or its time is up; all within one span.
    pub(crate) async fn make<O, A, F, D>(self, attempt: A, describe: D) -> Result<O, Error>
    where
        O: RequestId,
        A: Fn() -> F,
        F: Future<Output = Result<O, Failure>>,
        D: FnOnce(&O) -> Heard,
    {
        let span = self.open();
        async {
            let answer = self.repeat(attempt).await?;
            let (heard, span) = (describe(&answer), Span::current());
            span.record("aws.request_id", answer.request_id());
            span.record("aws.dynamodb.consumed_capacity", heard.units.map(|units| self.capacity(units)));
            span.record("db.response.returned_rows", heard.rows);
            Ok(answer)
        }
        .instrument(span)
        .await
    }

    async fn repeat<O, A, F>(&self, attempt: A) -> Result<O, Error>
    where
        A: Fn() -> F,
        F: Future<Output = Result<O, Failure>>,
    {
        let begun = Instant::now();
        let mut attempts = 1;
        loop {
            let failure = match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let pause = pause(attempts);
            if !failure.passing || begun.elapsed() + pause > self.within {
                return Err(self.give_up(failure, attempts));
            }
            sleep(pause).await;
            attempts += 1;
            Span::current().record("http.request.resend_count", attempts - 1);
        }
    }

    fn give_up(&self, failure: Failure, attempts: u32) -> Error {
        let span = Span::current();
        span.record("error.type", failure.code.as_str());
        span.record("otel.status_code", "ERROR");
        span.record("aws.request_id", failure.request_id.as_deref());
        span.record("http.response.status_code", failure.status);
        if failure.passing {
            Error::Busy { attempts, source: failure.source }
        } else {
            Error::Refused { operation: self.doing, code: failure.code, source: failure.source }
        }
    }

    fn open(&self) -> Span {
        info_span!(
            "DynamoDB",
            otel.name = self.span,
            otel.kind = "client",
            otel.status_code = field::Empty,
            db.system.name = "aws.dynamodb",
            db.operation.name = self.operation,
            db.operation.batch.size = self.items,
            db.collection.name = self.table,
            db.response.returned_rows = field::Empty,
            rpc.system = "aws-api",
            rpc.service = "DynamoDB",
            rpc.method = self.operation,
            // An array in the conventions; a span's field holds none, so it is its JSON.
            aws.dynamodb.table_names = format!("[\"{}\"]", self.table),
            aws.dynamodb.index_name = self.index,
            aws.dynamodb.limit = self.limit,
            aws.dynamodb.consistent_read = self.consistent,
            aws.dynamodb.consumed_capacity = field::Empty,
            aws.request_id = field::Empty,
            http.request.resend_count = field::Empty,
            http.response.status_code = field::Empty,
            "error.type" = field::Empty,
        )
    }

    /// An array of JSON texts in the conventions; here one text, the array's JSON.
    fn capacity(&self, units: f64) -> String {
        format!("[{{\"TableName\":\"{}\",\"CapacityUnits\":{units}}}]", self.table)
    }
}

/// A random part of a bound that doubles with each attempt: writers that met once do not meet again in step.
fn pause(attempts: u32) -> Duration {
    let bound = PAUSE_FIRST.saturating_mul(1 << (attempts - 1).min(16)).min(PAUSE_MOST);
    bound.mul_f64(0.1 + 0.9 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_their_bound() {
        for attempts in 1..=100 {
            assert!(pause(attempts) <= PAUSE_MOST);
        }
        assert!(pause(1) <= PAUSE_FIRST);
    }
}
