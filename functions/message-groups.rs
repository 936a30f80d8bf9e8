//! `GET /api/message_groups`: returns the caller's conversations, the latest first.

use crudder_api::{self as api, Request, Response};
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(message_groups).await
}

async fn message_groups(request: Request, store: Store) -> api::Result<Response> {
    let caller = request.caller()?;
    let groups = store.message_groups(&caller, request.page()?);
    request.respond_with_page(&api::list_span("message-groups", groups).await?)
}
