//! The Lambda integration: invokes the function behind a route.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use crudder_emulator::{Emulator, FailureKind, Invocation, InvokeError, Outcome};
use tokio::time::timeout;

use super::error::GatewayError;
use super::routes::Target;
use super::segments::Segments;
use super::trace_header::TraceHeader;
use crate::requests::RequestHandle;

/// Invokes functions, and sends the segment of each invocation.
#[derive(Debug)]
pub(super) struct Integration {
    emulator: Emulator,
    timeout: Duration,
    segments: Arc<Segments>,
}

impl Integration {
    pub(super) fn new(emulator: Emulator, timeout: Duration, segments: Arc<Segments>) -> Self {
        Self { emulator, timeout, segments }
    }

    /// Invokes the function of a route, and returns its response payload.
    pub(super) async fn invoke(
        &self,
        target: &Target,
        event: Vec<u8>,
        trace: &TraceHeader,
        handle: &RequestHandle,
    ) -> Result<Bytes, GatewayError> {
        let start = SystemTime::now();
        handle.set_function(&target.function);
        let invocation = Invocation::new(event).with_trace_header(trace.to_lambda());
        let outcome = timeout(self.timeout, self.emulator.invoke(&target.function, invocation));
        let outcome = outcome.await.map_err(|_| GatewayError::IntegrationTimeout)?;
        if let Ok(outcome) = &outcome {
            handle.set_invocation(outcome);
            let failed = matches!(outcome, Outcome::Failed { .. });
            self.segments.send_invocation(trace, &target.function, outcome.info(), failed, start);
        }
        match outcome {
            Ok(Outcome::Succeeded { payload, .. }) => Ok(payload),
            Ok(Outcome::Failed { kind: FailureKind::Timeout, .. }) => Err(GatewayError::IntegrationTimeout),
            Ok(Outcome::Failed { .. }) => Err(GatewayError::IntegrationFailure),
            Err(InvokeError::Throttled(_)) => Err(GatewayError::Throttled),
            Err(InvokeError::PayloadTooLarge(_)) => Err(GatewayError::RequestTooLarge),
            Err(error) => {
                tracing::error!(function = target.function, "failed to invoke the function: {error}");
                Err(GatewayError::IntegrationFailure)
            }
        }
    }
}
