//! `POST` and `PUT /api/profile/update`: changes the caller's display name and biography.

use crudder_api::{self as api, Request, Response};
use crudder_domain::ProfileDraft;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(update_profile).await
}

async fn update_profile(request: Request, store: Store) -> api::Result<Response> {
    let caller = request.caller()?;
    let draft: ProfileDraft = request.json()?;
    let user = store.update_profile(&caller, &draft.check()?).await?;
    request.annotate_caller(&user.handle);
    Response::ok(&user)
}
