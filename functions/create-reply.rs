//! `POST /api/activities/{id}/reply`: replies to an activity and returns the reply.
//! The id is the uuid of the parent activity.

use crudder_api::{self as api, Request, Response};
use crudder_domain::ReplyDraft;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(create_reply).await
}

async fn create_reply(request: Request, store: Store) -> api::Result<Response> {
    let author = request.caller()?;
    let draft: ReplyDraft = request.json()?;
    let reply = request.path("id", |parent| draft.reply(&author, parent, request.received_at()))?;
    let activity = store.put_reply(&reply).await?;
    request.annotate_caller(&activity.handle);
    Response::ok(&activity)
}
