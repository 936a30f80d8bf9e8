//! `GET /api/activities/home`: the newest posts of everybody.

use crudder_api::{self as api, Request, Response};
use crudder_store::Store;
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(home_activities).await
}

async fn home_activities(request: Request, store: Store) -> api::Result<Response> {
    // The line that the course looks for in CloudWatch, its two spaces included.
    info!("Hello Cloudwatch! from  /api/activities/home");
    let home = api::list_span("home-activities", store.home(request.page()?, request.received_at())).await?;
    request.respond_with_page(&home)
}
