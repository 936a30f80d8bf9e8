//! `lambda_http` and nothing else: what every other figure is held against.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: Request| async { Ok::<_, Error>(crudder_peers::work().await) })).await
}
