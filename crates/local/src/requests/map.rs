//! The service map: client, API, functions, table; with rates, errors and latency of each.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

use super::handle::milliseconds;
use super::percentile::Durations;
use super::{Entry, Outcome};

/// The newest requests that the map looks at: what happens now, and little enough to reckon at every look.
const LOOKED_AT: usize = 20_000;

/// Over how long a rate is taken.
const RATE_MS: u64 = 60_000;

/// Functions that are told apart; their names come from outside.
const FUNCTIONS: usize = 200;

/// One box of the map, or one line between two.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// All of those looked at.
    pub(crate) count: u64,
    /// Those that ended in a 5xx or a death.
    pub(crate) errors: u64,
    /// In the last minute.
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
    /// How many requests this was reckoned from.
    pub(crate) looked_at: usize,
    pub(crate) api: Node,
    /// What the gateway answered without a function.
    pub(crate) by_gateway: u64,
    pub(crate) functions: Vec<Node>,
    /// Calls of the table, by the function that called.
    pub(crate) table: Vec<Node>,
}

impl ServiceMap {
    /// Of the entries, the newest first.
    pub(super) fn of<'a>(newest: impl Iterator<Item = &'a Entry>, table: Vec<Node>, now: SystemTime) -> Self {
        let since = milliseconds(now).saturating_sub(RATE_MS);
        let mut api = Node { name: "API".to_owned(), ..Node::default() };
        let mut functions: BTreeMap<&str, Node> = BTreeMap::new();
        let (mut looked_at, mut by_gateway) = (0, 0);
        for entry in newest.take(LOOKED_AT) {
            looked_at += 1;
            api.add(entry, since);
            match entry.function.as_deref() {
                Some(function) => functions.entry(function).or_default().add(entry, since),
                None => by_gateway += 1,
            }
        }
        let functions = functions.into_iter().map(|(name, node)| Node { name: name.to_owned(), ..node }.reckoned());
        Self { looked_at, api: api.reckoned(), by_gateway, functions: functions.collect(), table }
    }
}

impl Node {
    fn add(&mut self, entry: &Entry, since: u64) {
        self.count += 1;
        self.errors += u64::from(entry.outcome == Outcome::Error || entry.outcome.is_death());
        self.per_minute += u64::from(entry.started_ms >= since);
        self.cold += u64::from(entry.cold == Some(true));
        // The newest come first here, and are what counts.
        if let Some(micros) = entry.duration_us.filter(|_| !self.durations.is_full()) {
            self.durations.add(micros);
        }
    }

    fn reckoned(self) -> Self {
        let [p50_ms, p99_ms] = self.durations.percentiles([50, 99]);
        Self { p50_ms, p99_ms, ..self }
    }
}

/// What functions asked the table, since the start.
#[derive(Debug, Default)]
pub(super) struct Calls(BTreeMap<String, Node>);

impl Calls {
    pub(super) fn add(&mut self, function: &str, micros: u64, is_error: bool) {
        if !self.0.contains_key(function) && self.0.len() == FUNCTIONS {
            return;
        }
        let node = self.0.entry(function.to_owned()).or_default();
        node.count += 1;
        node.errors += u64::from(is_error);
        node.durations.add(micros);
    }

    pub(super) fn shown(&self) -> Vec<Node> {
        self.0.iter().map(|(name, node)| Node { name: name.clone(), ..node.clone() }.reckoned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Asked, Requests};
    use super::*;
    use crudder_fakes::TraceId;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn each_function_has_its_rate_its_errors_and_its_latency() {
        let requests = Requests::default();
        let minute = Duration::from_millis(RATE_MS);
        for (number, (function, status)) in
            [(Some("home"), 200), (Some("home"), 502), (Some("post"), 422), (None, 404)].into_iter().enumerate()
        {
            let trace = TraceId::new([u8::try_from(number).unwrap(); 16]);
            // The first is a minute older than the others.
            let now = UNIX_EPOCH + if number == 0 { Duration::ZERO } else { minute };
            let handle = requests.open(Asked { trace, method: "GET", path: "/", now });
            if let Some(function) = function {
                handle.asks(function);
            }
            handle.answered(status, Duration::from_millis(10 * (number as u64 + 1)));
        }
        requests.calls().add("home", 1_500, false);
        let map = requests.map(UNIX_EPOCH + minute + Duration::from_millis(1));
        assert_eq!((map.looked_at, map.by_gateway), (4, 1));
        assert_eq!((map.api.count, map.api.errors, map.api.per_minute), (4, 1, 3));
        let [home, post] = map.functions.as_slice() else { panic!("{map:?}") };
        assert_eq!((home.name.as_str(), home.count, home.errors, home.per_minute), ("home", 2, 1, 1));
        assert_eq!((home.p50_ms, home.p99_ms), (Some(10.0), Some(20.0)));
        assert_eq!((post.name.as_str(), post.errors), ("post", 0), "a refusal is no error");
        assert_eq!((map.table[0].name.as_str(), map.table[0].count, map.table[0].p50_ms), ("home", 1, Some(1.5)));
    }
}
