//! The layer around the runtime, which knows when Lambda has taken a response.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower::{Layer, Service};

use crate::post_response::{SLOT, Slot};

/// A layer around the runtime itself: `Runtime::new(handler)` or `lambda_http::runtime(handler)`.
///
/// Access line, X-Ray's datagrams and the wake-up of the extension then wait until Lambda has taken
/// the response, and happen before the runtime polls for the next invocation. Without this layer
/// they follow the handler as soon as the async runtime has nothing else to do, which may be before
/// Lambda has read the response.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeLayer;

/// A runtime under [`RuntimeLayer`].
#[derive(Debug, Clone)]
pub struct RuntimeService<S>(S);

pin_project! {
    /// One invocation of a [`RuntimeService`].
    pub struct RuntimeFuture<F> {
        #[pin]
        service: TaskLocalFuture<Slot, F>,
    }
}

impl<S> Layer<S> for RuntimeLayer {
    type Service = RuntimeService<S>;

    fn layer(&self, runtime: S) -> RuntimeService<S> {
        RuntimeService(runtime)
    }
}

impl<S: Service<I>, I> Service<I> for RuntimeService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = RuntimeFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, invocation: I) -> Self::Future {
        RuntimeFuture { service: SLOT.scope(Slot::default(), self.0.call(invocation)) }
    }
}

impl<F: Future> Future for RuntimeFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut service = self.project().service;
        let output = ready!(service.as_mut().poll(context));
        if let Some(work) = service.take_value().and_then(Slot::into_inner) {
            work.flush();
        }
        Poll::Ready(output)
    }
}
