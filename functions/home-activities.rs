//! `GET /api/activities/home`: returns the newest posts of all users.

use crudder_api::{self as api, Request, Response};
use crudder_store::Store;
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(home_activities).await
}

async fn home_activities(request: Request, store: Store) -> api::Result<Response> {
    // The course searches CloudWatch for this line, including its two spaces.
    info!("Hello Cloudwatch! from  /api/activities/home");
    let home = api::list_span("home-activities", store.home(request.page()?, request.received_at())).await?;
    request.respond_with_page(&home)
}
