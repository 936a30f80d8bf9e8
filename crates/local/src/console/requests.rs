//! The gateway's record: as a list, as a stream of changes, and as a map of who calls whom.

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

use super::{Console, answer};
use crate::requests::{Entry, Requests};

/// Entries handed out at once as a list.
const SHOWN: usize = 100;
const MOST_SHOWN: usize = 1_000;

/// Entries in one event of the stream: a page reads so many in a few milliseconds.
const BATCH: usize = 2_000;

/// Between two events of the stream, while there is little news: faster than this nobody reads.
const PACE: Duration = Duration::from_millis(100);

/// Tells this process's revisions from those of the process before it, which a page may still hold.
static LIFE: LazyLock<String> = LazyLock::new(|| uuid::Uuid::new_v4().simple().to_string());

#[derive(Deserialize)]
pub(super) struct Wanted {
    q: Option<String>,
    outcome: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/requests?q=&outcome=&limit=`: the newest that fit; `q` is any text, or a trace id in either form.
pub(super) async fn list(State(console): State<Console>, Query(wanted): Query<Wanted>) -> Response {
    let text = wanted.q.unwrap_or_default().trim().to_lowercase();
    let limit = wanted.limit.unwrap_or(SHOWN).min(MOST_SHOWN);
    let id = text.parse::<TraceId>().ok();
    let fits = |entry: &Entry| {
        let is_meant = id.map_or_else(|| text.is_empty() || entry.mentions(&text), |id| entry.trace == id);
        is_meant && wanted.outcome.as_ref().is_none_or(|outcome| json!(entry.outcome) == outcome.as_str())
    };
    let found = console.requests.newest(limit, fits);
    answer(StatusCode::OK, &json!({ "requests": found, "record": console.requests.held() }))
}

pub(super) async fn map(State(console): State<Console>) -> Response {
    answer(StatusCode::OK, &json!(console.requests.map(SystemTime::now())))
}

/// `GET /api/requests/stream`: all that is held, then each change. A page that was cut off goes on where it was, by `Last-Event-ID`.
pub(super) async fn stream(State(console): State<Console>, headers: HeaderMap) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.split_once('.'));
    let seen = last.filter(|(life, _)| *life == *LIFE).and_then(|(_, seen)| seen.parse().ok()).unwrap_or(0);
    Sse::new(events(console.requests, seen)).keep_alive(KeepAlive::default()).into_response()
}

fn events(requests: Requests, seen: u64) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = json!({ "record": requests.held(), "fresh": seen == 0 });
    let hello = stream::once(async move { Ok(named("hello", &hello)) });
    let changes = stream::unfold((requests, seen), |(requests, seen)| async move {
        if !requests.changed_after(seen).await {
            return None;
        }
        let (changed, reached) = requests.after(seen, BATCH);
        // A full batch is the past, which a page wants at once; the present it wants now and then.
        if changed.len() < BATCH {
            tokio::time::sleep(PACE).await;
        }
        let rows: Vec<_> = changed.iter().map(Entry::row).collect();
        let event = Event::default().id(format!("{}.{reached}", *LIFE));
        let event = event.data(serde_json::to_string(&rows).unwrap_or_default());
        Some((Ok(event), (requests.clone(), reached)))
    });
    futures::StreamExt::chain(hello, changes)
}

fn named(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
