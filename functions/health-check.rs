//! `GET /api/health-check`: answers that the function lives. It touches nothing, so it can't fail
//! for another's reason.

use crudder_api::{self as api, Request, Response};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve(health_check).await
}

async fn health_check(_request: Request) -> api::Result<Response> {
    Response::ok(&json!({ "success": true, "ver": 1 }))
}
