//! `lambda_http` and one JSON log line; exports no spans.

use lambda_http::{Error, Request, run, service_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::registry().with(crudder_peers::lines()).init();
    run(service_fn(|_: Request| async { Ok::<_, Error>(crudder_peers::work().await) })).await
}
