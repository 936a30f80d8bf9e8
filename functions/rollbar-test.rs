//! `GET /rollbar/test`: answers as the original did and reports a warning; with `?kind=` it dies in
//! that way, where faults are on.

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
