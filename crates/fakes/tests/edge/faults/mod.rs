//! Each fault as a raw client sees it.

mod connection;
mod duplicates;
mod listener;
mod responses;

use crudder_fakes::{Fault, Honeycomb, HoneycombConfig};

use crate::support::now;

/// Starts a fake of Honeycomb whose next delivery meets this fault.
async fn with_fault(fault: Fault) -> Honeycomb {
    let honeycomb = Honeycomb::start(HoneycombConfig { clock: now, ..HoneycombConfig::default() }).await.unwrap();
    honeycomb.faults().inject_next(fault).unwrap();
    honeycomb
}

/// Returns how many spans are stored, and whether the last delivery was answered completely.
fn stored(honeycomb: &Honeycomb) -> (u64, Option<bool>) {
    honeycomb.with_store(|store| {
        let last = store.call_log().recent_deliveries().next_back();
        (store.span_count(), last.map(crudder_fakes::Delivery::was_answered))
    })
}
