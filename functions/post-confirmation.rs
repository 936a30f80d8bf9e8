//! Cognito's post-confirmation trigger: stores the new user under a handle of their own.

use crudder_api::{self as api, Confirmation};
use crudder_domain::{SignUp, Sub};
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_trigger(post_confirmation).await
}

async fn post_confirmation(confirmed: Confirmation, store: Store) -> api::Result<()> {
    let sub = Sub::parse(&confirmed.sub)?;
    let sign_up = SignUp::new(sub, confirmed.name.as_deref(), confirmed.preferred_username.as_deref());
    store.sign_up(&sign_up).await?;
    Ok(())
}
