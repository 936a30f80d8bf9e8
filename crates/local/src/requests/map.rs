//! The service map: client, API, functions and table, with rates, errors and latency of each.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

use super::entry::{Entry, milliseconds};
use super::outcome::Outcome;
use super::percentile::Durations;

/// How many of the newest requests the map covers: recent ones, and few enough to compute the map
/// on every request of the page.
const MAX_REQUESTS: usize = 20_000;

/// The window of a rate.
pub(super) const RATE_WINDOW_MS: u64 = 60_000;

/// The most functions that are counted. The limit is needed because spans carry the names.
const MAX_FUNCTIONS: usize = 200;

/// One node of the map, or the edge between a function and the table.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// All of its requests or calls.
    pub(crate) count: u64,
    /// Those that ended in a 5xx or a death.
    pub(crate) errors: u64,
    /// Those of the last minute.
    pub(crate) per_minute: u64,
    pub(crate) cold: u64,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    #[serde(skip)]
    durations: Durations,
}

/// The whole map.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceMap {
    /// How many requests the map covers.
    pub(crate) looked_at: usize,
    pub(crate) api: Node,
    /// How many requests the gateway answered without a function.
    pub(crate) by_gateway: u64,
    pub(crate) functions: Vec<Node>,
    /// Calls of the table, by function.
    pub(crate) table: Vec<Node>,
}

impl ServiceMap {
    /// Computes the map of entries that come newest first.
    pub(super) fn new<'a>(newest: impl Iterator<Item = &'a Entry>, table: Vec<Node>, now: SystemTime) -> Self {
        let since = milliseconds(now).saturating_sub(RATE_WINDOW_MS);
        let mut api = Node { name: "API".to_owned(), ..Node::default() };
        let mut functions: BTreeMap<&str, Node> = BTreeMap::new();
        let (mut looked_at, mut by_gateway) = (0, 0);
        for entry in newest.take(MAX_REQUESTS) {
            looked_at += 1;
            api.add(entry, since);
            match entry.function.as_deref() {
                Some(function) => functions.entry(function).or_default().add(entry, since),
                None => by_gateway += 1,
            }
        }
        let named = |(name, node): (&str, Node)| Node { name: name.to_owned(), ..node }.with_percentiles();
        let functions = functions.into_iter().map(named).collect();
        Self { looked_at, api: api.with_percentiles(), by_gateway, functions, table }
    }
}

impl Node {
    fn add(&mut self, entry: &Entry, since: u64) {
        self.count += 1;
        self.errors += u64::from(entry.outcome == Outcome::Error || entry.outcome.is_death());
        self.per_minute += u64::from(entry.started_ms >= since);
        self.cold += u64::from(entry.cold == Some(true));
        // Entries come newest first, so a full list has the newest durations already.
        if let Some(micros) = entry.duration_us.filter(|_| !self.durations.is_full()) {
            self.durations.add(micros);
        }
    }

    fn with_percentiles(self) -> Self {
        let [p50_ms, p99_ms] = self.durations.percentiles([50, 99]);
        Self { p50_ms, p99_ms, ..self }
    }
}

/// The calls of the table since the start, by function.
#[derive(Debug, Default)]
pub(super) struct TableCalls(BTreeMap<String, Node>);

impl TableCalls {
    pub(super) fn add(&mut self, function: &str, micros: u64, is_error: bool) {
        if !self.0.contains_key(function) && self.0.len() == MAX_FUNCTIONS {
            return;
        }
        let node = self.0.entry(function.to_owned()).or_default();
        node.count += 1;
        node.errors += u64::from(is_error);
        node.durations.add(micros);
    }

    pub(super) fn nodes(&self) -> Vec<Node> {
        self.0.iter().map(|(name, node)| Node { name: name.clone(), ..node.clone() }.with_percentiles()).collect()
    }
}
