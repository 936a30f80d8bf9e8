//! `POST /api/messages`: opens a conversation, or adds to one that the caller is a member of.

use crudder_api::{self as api, Request, Response};
use crudder_domain::MessageDraft;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(create_message).await
}

async fn create_message(request: Request, store: Store) -> api::Result<Response> {
    let sender = request.caller()?;
    let draft: MessageDraft = request.json()?;
    let letter = draft.send(&sender, request.received_at())?;
    let sent = store.put_message(&letter).await?;
    Response::ok(&sent)
}
