//! The record of requests: as a list, as a stream of changes, and as the service map.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use crudder_fakes::TraceId;
use futures::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::respond::json_body;
use super::state::Console;
use crate::requests::{Entry, Requests};

/// The number of entries in a list by default, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// The most entries in one event of the stream: a page reads so many in a few milliseconds.
const BATCH: usize = 2_000;

/// The time between two events of the stream. A reader cannot follow more frequent updates.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

/// Identifies this process in the ids of events. Revisions of an earlier process, which a page may
/// still send, mean nothing here.
static PROCESS_ID: LazyLock<String> = LazyLock::new(|| uuid::Uuid::new_v4().simple().to_string());

#[derive(Deserialize)]
pub(super) struct ListQuery {
    q: Option<String>,
    outcome: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/requests?q=&outcome=&limit=`: the newest matching requests. `q` is any text, or a
/// trace id in X-Ray's or W3C's form.
pub(super) async fn list(State(console): State<Console>, Query(query): Query<ListQuery>) -> Response {
    let text = query.q.unwrap_or_default().trim().to_lowercase();
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let id = text.parse::<TraceId>().ok();
    let matches = |entry: &Entry| {
        let matches_text = id.map_or_else(|| text.is_empty() || entry.matches(&text), |id| entry.trace == id);
        matches_text && query.outcome.as_ref().is_none_or(|outcome| json!(entry.outcome) == outcome.as_str())
    };
    let found = console.requests.newest(limit, matches);
    json_body(StatusCode::OK, &json!({ "requests": found, "record": console.requests.size() }))
}

/// `GET /api/map`: the service map.
pub(super) async fn map(State(console): State<Console>) -> Response {
    json_body(StatusCode::OK, &json!(console.requests.map(SystemTime::now())))
}

/// `GET /api/requests/stream`: all stored requests, then each change. A page that reconnects
/// continues after `Last-Event-ID`.
pub(super) async fn stream(State(console): State<Console>, headers: HeaderMap) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.split_once('.'));
    let seen = last.filter(|(process, _)| *process == *PROCESS_ID).and_then(|(_, seen)| seen.parse().ok());
    Sse::new(events(console.requests, seen.unwrap_or(0))).keep_alive(KeepAlive::default()).into_response()
}

fn events(requests: Requests, seen: u64) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = json!({ "record": requests.size(), "fresh": seen == 0 });
    let hello = stream::once(async move { Ok(named("hello", &hello)) });
    let changes = stream::unfold((requests, seen), |(requests, seen)| async move {
        if !requests.changed_after(seen).await {
            return None;
        }
        let (changed, reached) = requests.after(seen, BATCH);
        // A full batch is history, which the page wants at once. New changes may wait.
        if changed.len() < BATCH {
            tokio::time::sleep(EVENT_INTERVAL).await;
        }
        let rows: Vec<_> = changed.iter().map(Entry::row).collect();
        let event = Event::default().id(format!("{}.{reached}", *PROCESS_ID));
        let event = event.data(serde_json::to_string(&rows).unwrap_or_default());
        Some((Ok(event), (requests.clone(), reached)))
    });
    futures::StreamExt::chain(hello, changes)
}

fn named(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
