//! `POST /api/activities`: creates a post and returns it.

use crudder_api::{self as api, Request, Response};
use crudder_domain::Draft;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(create_activity).await
}

async fn create_activity(request: Request, store: Store) -> api::Result<Response> {
    let author = request.caller()?;
    let draft: Draft = request.json()?;
    let post = draft.publish(&author, request.received_at())?;
    let activity = store.put_activity(&post).await?;
    request.annotate_caller(&activity.handle);
    Response::ok(&activity)
}
