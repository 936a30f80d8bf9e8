//! A minimal Lambda function behind an API: the baseline for start-up time and binary size.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(respond)).await
}

async fn respond(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from(r#"{"success":true,"ver":1}"#)))
}
