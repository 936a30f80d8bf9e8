//! Hears what the planes are told, and notes it at the request that it is about.

use std::sync::Arc;
use std::time::Duration;

use crudder_fakes::{Fakes, Item, Span, TraceId};
use serde_json::Value;
use tokio::task::JoinSet;

use super::alone::Alone;
use super::handle::cut;
use super::{Entry, Outcome, Plane, Requests};
use crate::logs::{Line, Logs};

/// For one wait for news of a store; after it the wait begins anew.
const HOUR: Duration = Duration::from_secs(3_600);

/// How Rescue's line names a panic, for stages whose layer is missing.
const PANIC: &str = r#""type":"panic""#;

/// What a plane's word changes at the request of a trace; a root span may be the first word of its trace.
struct Note {
    trace: TraceId,
    alone: Option<Alone>,
    change: Box<dyn FnOnce(&mut Entry) + Send>,
}

impl Note {
    fn new(trace: TraceId, change: impl FnOnce(&mut Entry) + Send + 'static) -> Self {
        Self { trace, alone: None, change: Box::new(change) }
    }
}

/// Follows all four, until the set is aborted.
pub(crate) fn follow(requests: &Requests, vendors: &Arc<Fakes>, logs: &Logs) -> JoinSet<()> {
    let mut set = JoinSet::new();
    set.spawn(honeycomb(requests.clone(), Arc::clone(vendors)));
    set.spawn(rollbar(requests.clone(), Arc::clone(vendors)));
    set.spawn(xray(requests.clone(), Arc::clone(vendors)));
    set.spawn(cloudwatch(requests.clone(), logs.clone()));
    set
}

async fn honeycomb(requests: Requests, vendors: Arc<Fakes>) {
    let mut seen = 0;
    loop {
        let news = vendors.honeycomb.wait_for(HOUR, |store| {
            let count = store.span_count();
            (count > seen)
                .then(|| (count, newest(store.spans(), count - seen).map(|span| told(&requests, span)).collect()))
        });
        if let Ok((count, notes)) = news.await {
            seen = count;
            put(&requests, notes);
        }
    }
}

async fn rollbar(requests: Requests, vendors: Arc<Fakes>) {
    let mut seen = 0;
    loop {
        let news = vendors.rollbar.wait_for(HOUR, |store| {
            let count = store.item_count();
            (count > seen).then(|| (count, newest(store.items(), count - seen).filter_map(reported).collect()))
        });
        if let Ok((count, notes)) = news.await {
            seen = count;
            put(&requests, notes);
        }
    }
}

async fn xray(requests: Requests, vendors: Arc<Fakes>) {
    let mut seen = 0;
    loop {
        let news = vendors.xray.wait_for(HOUR, |store| {
            let count = store.document_count();
            let note = |trace| Note::new(trace, |entry| entry.has(Plane::Xray));
            (count > seen).then(|| {
                let notes = newest(store.documents(), count - seen).map(|document| note(document.trace_id)).collect();
                (count, notes)
            })
        });
        if let Ok((count, notes)) = news.await {
            seen = count;
            put(&requests, notes);
        }
    }
}

async fn cloudwatch(requests: Requests, logs: Logs) {
    let mut seen = 0;
    loop {
        let (count, notes) = logs.after(seen, said).await;
        seen = count;
        put(&requests, notes);
    }
}

/// The last `count` of those that are kept.
fn newest<T>(kept: impl DoubleEndedIterator<Item = T>, count: u64) -> impl Iterator<Item = T> {
    kept.rev().take(usize::try_from(count).unwrap_or(usize::MAX))
}

fn put(requests: &Requests, notes: Vec<Note>) {
    for Note { trace, alone, change } in notes {
        requests.note(trace, alone, change);
    }
    requests.tell();
}

/// What a span tells of its request; a call of the table is counted too.
fn told(requests: &Requests, span: &Span) -> Note {
    let text = |name: &str| span.attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    if span.attributes.contains_key("db.system.name") {
        let function = span.resource.get("faas.name").and_then(Value::as_str).unwrap_or(&span.dataset);
        let micros = span.end_ns.saturating_sub(span.start_ns) / 1_000;
        requests.calls().add(function, micros, span.is_error());
    }
    let death = text("crudder.death").map(|word| Outcome::of_death(&word));
    let panicked = span.parent_span_id.is_none() && text("error.type").as_deref() == Some("panic");
    let outcome = death.or(panicked.then_some(Outcome::Panic));
    let is_culprit = span.attributes.get("crudder.culprit").is_some_and(|is| *is == Value::Bool(true))
        || span.events.iter().any(|event| event.name == "exception");
    let culprit = (span.is_error() && is_culprit).then(|| Box::from(cut(&span.name)));
    let detail = span.is_error().then(|| Box::from(cut(&span.status.message)));
    let change = move |entry: &mut Entry| {
        entry.has(Plane::Honeycomb);
        entry.outcome = outcome.unwrap_or(entry.outcome);
        entry.culprit = culprit.or(entry.culprit.take());
        entry.detail = detail.or(entry.detail.take());
    };
    Note { alone: Alone::of(span), ..Note::new(span.trace_id, change) }
}

fn reported(item: &Item) -> Option<Note> {
    Some(Note::new(item.trace_id?, |entry| entry.has(Plane::Rollbar)))
}

fn said(line: &Line) -> Option<Note> {
    let trace = line.trace_id.as_deref()?.parse().ok()?;
    let panicked = line.source == "function" && line.text.contains(PANIC);
    Some(Note::new(trace, move |entry| {
        entry.has(Plane::Cloudwatch);
        if panicked && !entry.outcome.is_death() {
            entry.outcome = Outcome::Panic;
        }
    }))
}
