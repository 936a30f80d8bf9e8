//! The fake of Honeycomb.

mod calls;
mod rules;
mod taking;

use crudder_fakes::{Honeycomb, HoneycombConfig, HoneycombStore};

use crate::support::now;

async fn honeycomb() -> Honeycomb {
    Honeycomb::start(HoneycombConfig { clock: now, ..HoneycombConfig::default() }).await.unwrap()
}

/// The rules that were broken, in order.
fn violations(store: &HoneycombStore) -> Vec<&'static str> {
    store.call_log().violations().map(|violation| violation.rule).collect()
}
