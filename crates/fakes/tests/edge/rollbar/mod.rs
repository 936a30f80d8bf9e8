//! Tests of Rollbar's fake.

mod calls;
mod rules;
mod stored;

use crudder_fakes::{Rollbar, RollbarConfig, RollbarStore};
use crudder_testing::http::{RawResponse, call};

use crate::support::{now, rollbar_token};

async fn rollbar() -> Rollbar {
    Rollbar::start(RollbarConfig { clock: now, ..RollbarConfig::default() }).await.unwrap()
}

/// Posts an item with the local token.
async fn post(rollbar: &Rollbar, item: &serde_json::Value) -> RawResponse {
    let token = rollbar_token();
    let headers = [("content-type", "application/json"), ("x-rollbar-access-token", token.as_str())];
    call(rollbar.address(), "POST /api/1/item/", &headers, item.to_string().as_bytes()).await
}

/// Returns the broken rules in order.
fn violations(store: &RollbarStore) -> Vec<&'static str> {
    store.call_log().violations().map(|violation| violation.rule).collect()
}
