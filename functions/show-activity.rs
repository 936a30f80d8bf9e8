//! `GET /api/activities/{id}/status/{activity_uuid}`: returns an activity and its replies.
//! The id is the author's handle, which is ignored: the uuid alone identifies the activity.

use crudder_api::{self as api, Request, Response};
use crudder_domain::ActivityId;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(show_activity).await
}

async fn show_activity(request: Request, store: Store) -> api::Result<Response> {
    let id = request.path("activity_uuid", ActivityId::parse)?;
    let page = store.show_activity(id, request.page()?, request.received_at());
    request.respond_with_page(&api::list_span("show-activity", page).await?)
}
