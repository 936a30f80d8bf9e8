//! A DynamoDB request with its span and its retries.

use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::operation::RequestId;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span, field, info_span};

use crate::error::Error;
use crate::failure::Failure;

/// The longest first backoff: about two transactions on one item.
const FIRST_BACKOFF_MAX: Duration = Duration::from_millis(25);
/// The longest backoff, because a client is waiting. As backoffs grow, fewer writers meet on one
/// item. In a simulation, a hundred writers begin at once and each holds the item for ten
/// milliseconds: the last one succeeds after 2 s and ten attempts.
const BACKOFF_MAX: Duration = Duration::from_millis(800);

/// A request, as its span describes it. The values of keys are left out, because they identify
/// people.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The name of the operation, such as `GetItem`.
    pub(crate) operation: &'static str,
    /// The name of the span, such as `DynamoDB.GetItem`.
    pub(crate) span_name: &'static str,
    /// What the request does, for "failed to ...".
    pub(crate) purpose: &'static str,
    pub(crate) table: String,
    pub(crate) index: Option<&'static str>,
    pub(crate) limit: Option<i32>,
    /// The number of items or keys in the request.
    pub(crate) batch_size: Option<usize>,
    pub(crate) consistent_read: Option<bool>,
    /// No attempt begins later than this after the first one.
    pub(crate) retry_within: Duration,
}

/// The numbers of a response, as the span records them.
#[derive(Debug, Default)]
pub(crate) struct ResponseStats {
    /// The number of items returned.
    pub(crate) rows: Option<usize>,
    /// The capacity units consumed.
    pub(crate) units: Option<f64>,
}

impl Call {
    /// Sends the request until it succeeds, fails permanently, or exceeds its time. All attempts
    /// share one span.
    pub(crate) async fn send<O, A, F, D>(self, attempt: A, stats: D) -> Result<O, Error>
    where
        O: RequestId,
        A: Fn() -> F,
        F: Future<Output = Result<O, Failure>>,
        D: FnOnce(&O) -> ResponseStats,
    {
        let span = self.open_span();
        async {
            let response = self.retry(attempt).await?;
            let (stats, span) = (stats(&response), Span::current());
            span.record("aws.request_id", response.request_id());
            span.record("aws.dynamodb.consumed_capacity", stats.units.map(|units| self.consumed_capacity(units)));
            span.record("db.response.returned_rows", stats.rows);
            Ok(response)
        }
        .instrument(span)
        .await
    }

    async fn retry<O, A, F>(&self, attempt: A) -> Result<O, Error>
    where
        A: Fn() -> F,
        F: Future<Output = Result<O, Failure>>,
    {
        let started = Instant::now();
        let mut attempts = 1;
        loop {
            let failure = match attempt().await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let backoff = backoff(attempts);
            if !failure.is_transient || started.elapsed() + backoff > self.retry_within {
                return Err(self.fail(failure, attempts));
            }
            sleep(backoff).await;
            attempts += 1;
            Span::current().record("http.request.resend_count", attempts - 1);
        }
    }

    /// Records the last failure on the span and returns the error.
    fn fail(&self, failure: Failure, attempts: u32) -> Error {
        let span = Span::current();
        span.record("error.type", failure.code.as_str());
        span.record("otel.status_code", "ERROR");
        span.record("aws.request_id", failure.request_id.as_deref());
        span.record("http.response.status_code", failure.status);
        if failure.is_transient {
            Error::Busy { attempts, source: failure.source }
        } else {
            Error::Refused { operation: self.purpose, code: failure.code, source: failure.source }
        }
    }

    fn open_span(&self) -> Span {
        info_span!(
            "DynamoDB",
            otel.name = self.span_name,
            otel.kind = "client",
            otel.status_code = field::Empty,
            db.system.name = "aws.dynamodb",
            db.operation.name = self.operation,
            db.operation.batch.size = self.batch_size,
            db.collection.name = self.table,
            db.response.returned_rows = field::Empty,
            rpc.system = "aws-api",
            rpc.service = "DynamoDB",
            rpc.method = self.operation,
            // The conventions ask for an array. A `tracing` field cannot hold one, so this is its
            // JSON.
            aws.dynamodb.table_names = format!("[\"{}\"]", self.table),
            aws.dynamodb.index_name = self.index,
            aws.dynamodb.limit = self.limit,
            aws.dynamodb.consistent_read = self.consistent_read,
            aws.dynamodb.consumed_capacity = field::Empty,
            aws.request_id = field::Empty,
            http.request.resend_count = field::Empty,
            http.response.status_code = field::Empty,
            "error.type" = field::Empty,
        )
    }

    /// Returns the attribute `aws.dynamodb.consumed_capacity`: in the conventions an array of JSON
    /// texts, here the JSON of the array.
    fn consumed_capacity(&self, units: f64) -> String {
        format!("[{{\"TableName\":\"{}\",\"CapacityUnits\":{units}}}]", self.table)
    }
}

/// Returns a random part of a bound that doubles with each attempt, so that writers that met once
/// do not meet again.
fn backoff(attempts: u32) -> Duration {
    let bound = FIRST_BACKOFF_MAX.saturating_mul(1 << (attempts - 1).min(16)).min(BACKOFF_MAX);
    bound.mul_f64(0.1 + 0.9 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoffs_grow_up_to_their_bound() {
        for attempts in 1..=100 {
            assert!(backoff(attempts) <= BACKOFF_MAX);
        }
        assert!(backoff(1) <= FIRST_BACKOFF_MAX);
    }
}
