//! `GET /api/activities/notifications`: returns the replies and messages that the caller received.

use crudder_api::{self as api, Request, Response};
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(notifications_activities).await
}

async fn notifications_activities(request: Request, store: Store) -> api::Result<Response> {
    let caller = request.caller()?;
    let notifications = store.notifications(&caller, request.page()?, request.received_at());
    request.respond_with_page(&api::list_span("notifications-activities", notifications).await?)
}
