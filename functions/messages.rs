//! `GET /api/messages/{id}`: returns the newest messages of a conversation, oldest first.
//! The id is the uuid of the conversation. Only its members may read it.

use crudder_api::{self as api, Request, Response};
use crudder_domain::GroupId;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(messages).await
}

async fn messages(request: Request, store: Store) -> api::Result<Response> {
    let caller = request.caller()?;
    let group = request.path("id", GroupId::parse)?;
    let messages = store.messages(&caller, group, request.page()?);
    request.respond_with_page(&api::list_span("messages", messages).await?)
}
