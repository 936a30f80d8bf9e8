//! Subscribes to the destinations, and adds to each request what they received for its trace.

use std::sync::Arc;
use std::time::Duration;

use crudder_fakes::{Fakes, Item, Span, TraceId};
use serde_json::Value;
use tokio::task::JoinSet;

use super::entry::{Destination, Entry, truncate};
use super::orphan::OrphanTrace;
use super::outcome::Outcome;
use super::record::Requests;
use crate::logs::{Line, Logs};

/// The timeout of one wait for new data. A loop starts the next wait.
const WAIT: Duration = Duration::from_secs(3_600);

/// What the log line of a caught panic contains. It identifies a panic if the layer is missing.
const PANIC: &str = r#""type":"panic""#;

/// A change to the request of a trace, because a destination received something.
struct Change {
    trace: TraceId,
    /// Set for a root span, which may be the first data of its trace.
    orphan: Option<OrphanTrace>,
    apply: Box<dyn FnOnce(&mut Entry) + Send>,
}

impl Change {
    fn new(trace: TraceId, apply: impl FnOnce(&mut Entry) + Send + 'static) -> Self {
        Self { trace, orphan: None, apply: Box::new(apply) }
    }
}

/// Subscribes to all destinations, until the returned set is aborted.
pub(crate) fn subscribe(requests: &Requests, fakes: &Arc<Fakes>, logs: &Logs) -> JoinSet<()> {
    let mut set = JoinSet::new();
    set.spawn(honeycomb(requests.clone(), Arc::clone(fakes)));
    set.spawn(rollbar(requests.clone(), Arc::clone(fakes)));
    set.spawn(xray(requests.clone(), Arc::clone(fakes)));
    set.spawn(cloudwatch(requests.clone(), logs.clone()));
    set
}

async fn honeycomb(requests: Requests, fakes: Arc<Fakes>) {
    let mut seen = 0;
    loop {
        let new = fakes.honeycomb.wait_for(WAIT, |store| {
            let count = store.span_count();
            (count > seen)
                .then(|| (count, newest(store.spans(), count - seen).map(|span| of_span(&requests, span)).collect()))
        });
        if let Ok((count, changes)) = new.await {
            seen = count;
            apply(&requests, changes);
        }
    }
}

async fn rollbar(requests: Requests, fakes: Arc<Fakes>) {
    let mut seen = 0;
    loop {
        let new = fakes.rollbar.wait_for(WAIT, |store| {
            let count = store.item_count();
            (count > seen).then(|| (count, newest(store.items(), count - seen).filter_map(of_item).collect()))
        });
        if let Ok((count, changes)) = new.await {
            seen = count;
            apply(&requests, changes);
        }
    }
}

async fn xray(requests: Requests, fakes: Arc<Fakes>) {
    let mut seen = 0;
    loop {
        let new = fakes.xray.wait_for(WAIT, |store| {
            let count = store.document_count();
            let change = |trace| Change::new(trace, |entry| entry.add_destination(Destination::Xray));
            (count > seen).then(|| {
                let documents = newest(store.documents(), count - seen);
                (count, documents.map(|document| change(document.trace_id)).collect())
            })
        });
        if let Ok((count, changes)) = new.await {
            seen = count;
            apply(&requests, changes);
        }
    }
}

async fn cloudwatch(requests: Requests, logs: Logs) {
    let mut seen = 0;
    loop {
        let (count, changes) = logs.after(seen, of_line).await;
        seen = count;
        apply(&requests, changes);
    }
}

/// Returns the last `count` of the stored things.
fn newest<T>(stored: impl DoubleEndedIterator<Item = T>, count: u64) -> impl Iterator<Item = T> {
    stored.rev().take(usize::try_from(count).unwrap_or(usize::MAX))
}

fn apply(requests: &Requests, changes: Vec<Change>) {
    for Change { trace, orphan, apply } in changes {
        requests.change_trace(trace, orphan, apply);
    }
    requests.notify();
}

/// Returns the change by a span. A span of a DynamoDB call is added to the service map too.
fn of_span(requests: &Requests, span: &Span) -> Change {
    let text = |name: &str| span.attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    if span.attributes.contains_key("db.system.name") {
        let function = span.resource.get("faas.name").and_then(Value::as_str).unwrap_or(&span.dataset);
        let micros = span.end_ns.saturating_sub(span.start_ns) / 1_000;
        requests.add_table_call(function, micros, span.is_error());
    }
    let death = text("crudder.death").map(|cause| Outcome::of_death(&cause));
    let panicked = span.parent_span_id.is_none() && text("error.type").as_deref() == Some("panic");
    let outcome = death.or(panicked.then_some(Outcome::Panic));
    let is_failed_span = span.attributes.get("crudder.culprit").is_some_and(|is| *is == Value::Bool(true))
        || span.events.iter().any(|event| event.name == "exception");
    let failed_span = (span.is_error() && is_failed_span).then(|| Box::from(truncate(&span.name)));
    let detail = span.is_error().then(|| Box::from(truncate(&span.status.message)));
    let apply = move |entry: &mut Entry| {
        entry.add_destination(Destination::Honeycomb);
        entry.outcome = outcome.unwrap_or(entry.outcome);
        entry.failed_span = failed_span.or(entry.failed_span.take());
        entry.detail = detail.or(entry.detail.take());
    };
    Change { orphan: OrphanTrace::from_root(span), ..Change::new(span.trace_id, apply) }
}

fn of_item(item: &Item) -> Option<Change> {
    Some(Change::new(item.trace_id?, |entry| entry.add_destination(Destination::Rollbar)))
}

fn of_line(line: &Line) -> Option<Change> {
    let trace = line.trace_id.as_deref()?.parse().ok()?;
    let panicked = line.source == "function" && line.text.contains(PANIC);
    Some(Change::new(trace, move |entry| {
        entry.add_destination(Destination::Cloudwatch);
        if panicked && !entry.outcome.is_death() {
            entry.outcome = Outcome::Panic;
        }
    }))
}
