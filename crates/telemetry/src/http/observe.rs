//! The layer around a handler on `lambda_http`.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use lambda_http::{Request, Response};
use tower::{Layer, Service};

use super::access_line::log_access;
use super::invocation::HttpInvocation;
use crate::end::End;
use crate::telemetry::Telemetry;

/// A layer around an HTTP handler: [`Telemetry::http_layer`].
#[derive(Debug, Clone)]
pub struct ObserveHttpLayer {
    telemetry: Telemetry,
    has_access_line: bool,
}

/// An HTTP handler whose every request has a root span and an access line.
#[derive(Debug, Clone)]
pub struct ObservedHttp<S> {
    layer: ObserveHttpLayer,
    handler: S,
}

impl Telemetry {
    /// Returns the layer for a handler of `lambda_http`: `telemetry.http_layer().layer(service_fn(handler))`.
    ///
    /// The root span is named after method and route, and has OpenTelemetry's attributes of an HTTP
    /// server. A status of 500 or above and an error mark it as failed.
    #[must_use]
    pub fn http_layer(&self) -> ObserveHttpLayer {
        ObserveHttpLayer { telemetry: self.clone(), has_access_line: true }
    }
}

impl ObserveHttpLayer {
    /// Logs no access line ([`log_access`]).
    #[must_use]
    pub fn without_access_line(self) -> Self {
        Self { has_access_line: false, ..self }
    }
}

impl<S> Layer<S> for ObserveHttpLayer {
    type Service = ObservedHttp<S>;

    fn layer(&self, handler: S) -> ObservedHttp<S> {
        ObservedHttp { layer: self.clone(), handler }
    }
}

impl<S, B> Service<Request> for ObservedHttp<S>
where
    S: Service<Request, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Display + Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.handler.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let ObserveHttpLayer { telemetry, has_access_line } = self.layer.clone();
        let (started, http) = (Instant::now(), HttpInvocation::of(&request));
        let handler = self.handler.call(request);
        Box::pin(async move {
            let work = async {
                let result = handler.await;
                if let Ok(response) = result.as_ref()
                    && has_access_line
                {
                    log_access(&http.request(), response.status(), started.elapsed());
                }
                result
            };
            telemetry.observe(http.invocation(), work, end).await
        })
    }
}

fn end<B, E: Display>(result: &Result<Response<B>, E>) -> End {
    result.as_ref().map_or_else(End::from_error, |response| End::http(response.status().as_u16()))
}
