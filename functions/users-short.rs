//! `GET /api/users/{id}/short`: returns a user in three fields.
//! The id is `@handle`.

use crudder_api::{self as api, Request, Response};
use crudder_domain::Handle;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(users_short).await
}

async fn users_short(request: Request, store: Store) -> api::Result<Response> {
    let handle = request.path("id", Handle::from_path)?;
    let user = store.user_short(&handle).await?;
    Response::ok(&user)
}
