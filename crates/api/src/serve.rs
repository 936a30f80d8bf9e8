//! Runs an HTTP function behind the layers that all functions share.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use crudder_store::Store;
use crudder_telemetry::{End, Failure, RuntimeLayer, Telemetry, log_access};
use futures::FutureExt as _;
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};
use lambda_http::Body;

use crate::config::Config;
use crate::error::{ApiError, Result};
use crate::exit::{Exit, FatalError, RunResult, exit, start_telemetry};
use crate::request::Request;
use crate::response::Response;

/// Runs a function that needs only its request, until Lambda ends the process.
pub async fn serve<H, F>(handler: H) -> Exit
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response>> + Send,
{
    exit(run(handler).await)
}

/// Runs a function that needs the table, until Lambda ends the process.
pub async fn serve_with_store<H, F>(handler: H) -> Exit
where
    H: Fn(Request, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response>> + Send,
{
    exit(run_with_store(handler).await)
}

async fn run_with_store<H, F>(handler: H) -> RunResult
where
    H: Fn(Request, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response>> + Send,
{
    let store = Store::from_env().await?;
    run(move |request| handler(request, store.clone())).await
}

async fn run<H, F>(handler: H) -> RunResult
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response>> + Send,
{
    let function = Arc::new(Function { telemetry: start_telemetry()?, config: Config::from_env()?, handler });
    let service = lambda_http::service_fn(move |event: lambda_http::Request| {
        let function = Arc::clone(&function);
        async move { Ok::<_, Infallible>(function.respond(event).await) }
    });
    lambda_http::runtime(service).layer(RuntimeLayer).run().await.map_err(FatalError::Runtime)
}

/// A handler and the state that all its requests share.
struct Function<H> {
    telemetry: Telemetry,
    config: Config,
    handler: H,
}

/// A response, and the failure on our side that it stands for.
struct Outcome {
    response: http::Response<Body>,
    failure: Option<Failure>,
}

impl<H, F> Function<H>
where
    H: Fn(Request) -> F,
    F: Future<Output = Result<Response>>,
{
    /// Runs one request through the layers. From the outside in:
    ///
    /// 1. The root span. It is outermost, so that everything else belongs to the trace.
    /// 2. The access line. It logs the response that really leaves, so it is outside of all that
    ///    changes it.
    /// 3. The CORS headers. An error response needs them too.
    /// 4. The error responder. It turns an error or a panic into a response.
    /// 5. The handler.
    async fn respond(&self, event: lambda_http::Request) -> http::Response<Body> {
        let started = Instant::now();
        let request = Request::new(event, self.config.faults);
        let parts = request.parts();
        let work = async {
            let mut outcome = self.call_handler(request).await;
            self.add_cors_headers(&mut outcome.response);
            log_access(&parts.http(), outcome.response.status(), started.elapsed());
            outcome
        };
        let end = |outcome: &Outcome| {
            let end = End::http(outcome.response.status().as_u16());
            match &outcome.failure {
                Some(failure) => end.because(failure.clone()),
                None => end,
            }
        };
        self.telemetry.observe(parts.invocation(), work, end).await.response
    }

    /// Calls the handler and turns an error or a panic into a response. Errors are logged only
    /// here.
    async fn call_handler(&self, request: Request) -> Outcome {
        let error = match AssertUnwindSafe(async { (self.handler)(request).await }).catch_unwind().await {
            Ok(Ok(response)) => return Outcome { response: response.into_http(), failure: None },
            Ok(Err(error)) => error,
            Err(panic) => ApiError::panic(&*panic),
        };
        error.log();
        Outcome { response: Response::error(&error).into_http(), failure: error.failure() }
    }

    /// Lets pages of the allowed origin read the response and the two headers in it that they use.
    fn add_cors_headers(&self, response: &mut http::Response<Body>) {
        let headers = response.headers_mut();
        if self.config.cors_origin != "*" {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.config.cors_origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Link,X-Amzn-Trace-Id"));
    }
}
