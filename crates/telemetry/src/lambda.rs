//! Tower layers: one that observes each event of a function on plain `lambda_runtime`, whatever the event is, and one that knows when an
//! answer has left.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use lambda_runtime::LambdaEvent;
use tokio::task::futures::TaskLocalFuture;
use tower::{Layer, Service};

use crate::after::{UNTOLD, Untold};
use crate::invocation::{End, Failure, Invocation, Trigger};
use crate::telemetry::Telemetry;

/// Makes an [`Observed`] of a handler.
#[derive(Debug, Clone)]
pub struct ObserveLayer(Telemetry);

/// A handler each of whose events has a root span.
#[derive(Debug, Clone)]
pub struct Observed<S> {
    telemetry: Telemetry,
    handler: S,
}

impl Telemetry {
    /// The layer to put around a handler of `lambda_runtime`: `run(telemetry.layer().layer(service_fn(handler)))`.
    #[must_use]
    pub fn layer(&self) -> ObserveLayer {
        ObserveLayer(self.clone())
    }
}

/// The layer to put around the runtime itself, `Runtime::new(handler)` or `lambda_http::runtime(handler)`: access line, X-Ray's datagram
/// and the bell wait until Lambda has taken the answer, and are told before the next invocation is asked for. Without it they
/// follow the answer as soon as the async runtime has nothing else to do, which may be before Lambda has read it.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeLayer;

/// A runtime that says when Lambda has taken an answer.
#[derive(Debug, Clone)]
pub struct Answered<S>(S);

impl<S> Layer<S> for RuntimeLayer {
    type Service = Answered<S>;

    fn layer(&self, runtime: S) -> Answered<S> {
        Answered(runtime)
    }
}

impl<S: Service<I>, I> Service<I> for Answered<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = TaskLocalFuture<Untold, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, invocation: I) -> Self::Future {
        UNTOLD.scope(Untold::default(), self.0.call(invocation))
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
            let invocation = Invocation {
                request_id: &context.request_id,
                trace_header: context.xray_trace_id.as_deref(),
                traceparent: None,
                deadline: context.deadline(),
                function_arn: &context.invoked_function_arn,
                trigger: Trigger::Other(name),
            };
            telemetry.observe(invocation, work, |answer| answer.as_ref().map_or_else(failed, |_| End::ok())).await
        })
    }
}

fn failed<E: Display>(error: &E) -> End {
    let kind = type_name::<E>();
    // `lambda_runtime::Error` is a box: its name tells nothing of what is in it.
    let kind = if kind.starts_with("alloc::boxed::Box") { "Error" } else { kind };
    End::ok().because(Failure::worded(Cow::Borrowed(kind), error.to_string()))
}
