//! `GET /api/health-check`: reports that the function works.
//! It uses no other service, so it cannot fail because of one.

use crudder_api::{self as api, Request, Response};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve(health_check).await
}

async fn health_check(_request: Request) -> api::Result<Response> {
    Response::ok(&json!({ "success": true, "ver": 1 }))
}
