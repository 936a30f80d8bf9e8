//! The stand-in of Honeycomb.

mod calls;
mod rules;
mod taking;

use crudder_vendors::{Honeycomb, HoneycombConfig, HoneycombStore};

use crate::support::now;

async fn honeycomb() -> Honeycomb {
    Honeycomb::start(HoneycombConfig { clock: now, ..HoneycombConfig::default() }).await.unwrap()
}

/// The rules that were broken, in order.
fn complaints(store: &HoneycombStore) -> Vec<&'static str> {
    store.ledger().complaints().map(|complaint| complaint.rule).collect()
}
