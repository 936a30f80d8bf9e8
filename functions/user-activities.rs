//! `GET /api/activities/{id}`: returns a user's profile and newest activities.
//! The id is `@handle`.

use crudder_api::{self as api, Request, Response};
use crudder_domain::Handle;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(user_activities).await
}

async fn user_activities(request: Request, store: Store) -> api::Result<Response> {
    let handle = request.path("id", Handle::from_path)?;
    let page = store.user_page(&handle, request.page()?, request.received_at());
    request.respond_with_page(&api::list_span("user-activities", page).await?)
}
