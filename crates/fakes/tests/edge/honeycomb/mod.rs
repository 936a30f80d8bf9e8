//! Tests of Honeycomb's fake.

mod calls;
mod rules;
mod stored;

use crudder_fakes::{Honeycomb, HoneycombConfig, HoneycombStore};

use crate::support::now;

async fn honeycomb() -> Honeycomb {
    Honeycomb::start(HoneycombConfig { clock: now, ..HoneycombConfig::default() }).await.unwrap()
}

/// Returns the broken rules in order.
fn violations(store: &HoneycombStore) -> Vec<&'static str> {
    store.call_log().violations().map(|violation| violation.rule).collect()
}
