//! `GET /api/message_groups`: the caller's conversations, the latest first.

use crudder_api::{self as api, Reply, Request};
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(message_groups).await
}

async fn message_groups(request: Request, store: Store) -> api::Result<Reply> {
    let caller = request.caller()?;
    let groups = store.message_groups(&caller, request.page()?);
    request.reply_page(&api::listed("message-groups", groups).await?)
}
