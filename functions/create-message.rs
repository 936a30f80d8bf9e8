//! `POST /api/messages`: sends a direct message to a person, or into one of the caller's conversations.

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
    let message = draft.send(&sender, request.received_at())?;
    let sent = store.put_message(&message).await?;
    Response::ok(&sent)
}
