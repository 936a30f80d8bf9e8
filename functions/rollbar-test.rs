//! `GET /rollbar/test`: reports a warning and responds as the original API did.
//! With `?kind=` it injects that fault, where fault injection is on.

use crudder_api::{self as api, Request, Response};
use tracing::warn;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve(rollbar_test).await
}

async fn rollbar_test(request: Request) -> api::Result<Response> {
    if let Some(fault) = request.fault()? {
        fault.inject().await?;
    }
    warn!(report = true, "Hello World!");
    Ok(Response::html("Hello World!"))
}
