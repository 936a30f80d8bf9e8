//! The stack around every function, and the loop that feeds it.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use crudder_store::Store;
use crudder_telemetry::{End, Failure, RuntimeLayer, Telemetry};
use futures::FutureExt as _;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};
use http::{HeaderValue, Response};
use lambda_http::Body;

use crate::access;
use crate::config::Config;
use crate::ended::{Ended, Exit, Fatal, exit, start_telemetry};
use crate::error::{ApiError, Result};
use crate::reply::Reply;
use crate::request::Request;

/// Runs a function that needs nothing but its request, until Lambda ends it.
pub async fn serve<H, F>(handler: H) -> Exit
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + Send,
{
    exit(serve_until_end(handler).await)
}

/// Runs a function that needs the table.
pub async fn serve_with_store<H, F>(handler: H) -> Exit
where
    H: Fn(Request, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + Send,
{
    exit(serve_store_until_end(handler).await)
}

async fn serve_store_until_end<H, F>(handler: H) -> Ended
where
    H: Fn(Request, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + Send,
{
    let store = Store::from_env().await?;
    serve_until_end(move |request| handler(request, store.clone())).await
}

async fn serve_until_end<H, F>(handler: H) -> Ended
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply>> + Send,
{
    let edge = Arc::new(Edge { telemetry: start_telemetry()?, config: Config::from_env()?, handler });
    let service = lambda_http::service_fn(move |event: lambda_http::Request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Infallible>(edge.answer(event).await) }
    });
    lambda_http::runtime(service).layer(RuntimeLayer).run().await.map_err(Fatal::Runtime)
}

/// A function with what every request to it shares.
struct Edge<H> {
    telemetry: Telemetry,
    config: Config,
    handler: H,
}

/// An answer, and what went wrong on our side while it was made.
struct Answer {
    response: Response<Body>,
    failure: Option<Failure>,
}

impl<H, F> Edge<H>
where
    H: Fn(Request) -> F,
    F: Future<Output = Result<Reply>>,
{
    /// One request through the stack, from the outside in: the root span, so that all the rest is in the trace; the access line,
    /// which tells of whatever answer leaves; the headers of every answer, an error's too; the rescue, which makes an answer of
    /// an error or a panic; the function.
    async fn answer(&self, event: lambda_http::Request) -> Response<Body> {
        let started = Instant::now();
        let request = Request::new(event, self.config.faults);
        let seen = request.seen();
        let work = async {
            let mut answer = self.rescue(request).await;
            self.allow_origin(&mut answer.response);
            access::log(&seen.http(), answer.response.status(), started.elapsed());
            answer
        };
        let end = |answer: &Answer| {
            let end = End::http(answer.response.status().as_u16());
            match &answer.failure {
                Some(failure) => end.because(failure.clone()),
                None => end,
            }
        };
        self.telemetry.observe(seen.invocation(), work, end).await.response
    }

    /// Calls the function and makes an answer of whatever comes: here, and only here, an error is logged.
    async fn rescue(&self, request: Request) -> Answer {
        let error = match AssertUnwindSafe(async { (self.handler)(request).await }).catch_unwind().await {
            Ok(Ok(reply)) => return Answer { response: reply.into_response(), failure: None },
            Ok(Err(error)) => error,
            Err(panic) => ApiError::panic(&*panic),
        };
        error.log();
        let failure = error.failure();
        Answer { response: error.reply().into_response(), failure }
    }

    /// Lets pages of the allowed origin read the answer and the two headers in it that matter to them.
    fn allow_origin(&self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        if self.config.cors_origin != "*" {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.config.cors_origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Link,X-Amzn-Trace-Id"));
    }
}
