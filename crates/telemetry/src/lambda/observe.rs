//! The layer around a handler on plain `lambda_runtime`, whatever its event is.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use lambda_runtime::LambdaEvent;
use tower::{Layer, Service};

use crate::end::End;
use crate::invocation::{Invocation, Trigger};
use crate::telemetry::Telemetry;

/// A layer around a handler: [`Telemetry::layer`].
#[derive(Debug, Clone)]
pub struct ObserveLayer(Telemetry);

/// A handler whose every invocation has a root span.
#[derive(Debug, Clone)]
pub struct Observed<S> {
    telemetry: Telemetry,
    handler: S,
}

impl Telemetry {
    /// Returns the layer for a handler of `lambda_runtime`: `telemetry.layer().layer(service_fn(handler))`.
    /// The root span is named after the function.
    #[must_use]
    pub fn layer(&self) -> ObserveLayer {
        ObserveLayer(self.clone())
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observed<S>;

    fn layer(&self, handler: S) -> Observed<S> {
        Observed { telemetry: self.0.clone(), handler }
    }
}

impl<S, T> Service<LambdaEvent<T>> for Observed<S>
where
    S: Service<LambdaEvent<T>>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Display + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.handler.poll_ready(context)
    }

    fn call(&mut self, event: LambdaEvent<T>) -> Self::Future {
        let (context, telemetry) = (event.context.clone(), self.telemetry.clone());
        let work = self.handler.call(event);
        Box::pin(async move {
            let name = telemetry.config().function_name.as_deref().unwrap_or("invocation");
            let invocation = Invocation::from_context(&context, Trigger::Other(name));
            let end =
                |result: &Result<S::Response, S::Error>| result.as_ref().map_or_else(End::from_error, |_| End::ok());
            telemetry.observe(invocation, work, end).await
        })
    }
}
