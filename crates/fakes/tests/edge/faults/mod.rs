//! Each way of misbehaving, seen by a raw client.

mod answers;
mod duplicates;
mod listener;
mod wire;

use crudder_fakes::{Fault, Honeycomb, HoneycombConfig};

use crate::support::now;

/// A fake of Honeycomb whose next delivery meets this fault.
async fn faulty(fault: Fault) -> Honeycomb {
    let honeycomb = Honeycomb::start(HoneycombConfig { clock: now, ..HoneycombConfig::default() }).await.unwrap();
    honeycomb.faults().inject_next(fault).unwrap();
    honeycomb
}

/// Spans taken, and whether the last delivery was answered in full.
fn taken(honeycomb: &Honeycomb) -> (u64, Option<bool>) {
    honeycomb.with_store(|store| {
        let last = store.call_log().recent_deliveries().next_back();
        (store.span_count(), last.map(crudder_fakes::Delivery::was_answered))
    })
}
