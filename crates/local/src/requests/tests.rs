//! Tests of the record as a whole: handles, orphan traces, and the service map.

use std::time::{Duration, UNIX_EPOCH};

use crudder_fakes::TraceId;

use super::entry::{Destination, Entry, NewRequest};
use super::handle::RequestHandle;
use super::map::RATE_WINDOW_MS;
use super::orphan::OrphanTrace;
use super::outcome::Outcome;
use super::record::{CAPACITY, RecordSize, Requests};

fn open_request() -> (Requests, RequestHandle) {
    let requests = Requests::default();
    let trace = TraceId::new([1; 16]);
    let request = NewRequest { trace, method: "GET", path: &"/".repeat(10_000), now: UNIX_EPOCH };
    let handle = RequestHandle::open(&requests, request);
    (requests, handle)
}

fn only_entry(requests: &Requests) -> Entry {
    requests.newest(1, |_| true).remove(0)
}

#[test]
fn a_handle_dropped_without_a_response_means_that_the_client_disconnected() {
    let (requests, handle) = open_request();
    assert_eq!(only_entry(&requests).outcome, Outcome::Running);
    drop(handle);
    assert_eq!(only_entry(&requests).outcome, Outcome::Gone);
}

#[test]
fn the_status_of_a_response_does_not_hide_a_death() {
    let (requests, handle) = open_request();
    requests.change_trace(TraceId::new([1; 16]), None, |entry| entry.outcome = Outcome::of_death("out-of-memory"));
    handle.close(502, Duration::from_millis(2));
    let entry = only_entry(&requests);
    assert_eq!((entry.outcome, entry.status, entry.duration_us), (Outcome::Oom, Some(502), Some(2_000)));
    assert_eq!(entry.path.len(), 200, "a long path is truncated");
}

#[test]
fn an_orphan_trace_is_listed_once_and_not_again_after_it_was_dropped() {
    let requests = Requests::default();
    let trace = TraceId::new([9; 16]);
    for _ in 0..2 {
        let orphan = Some(OrphanTrace::init(7));
        requests.change_trace(trace, orphan, |entry| entry.add_destination(Destination::Honeycomb));
    }
    let listed = requests.newest(10, |_| true);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((&*listed[0].path, listed[0].outcome, listed[0].destinations), ("init", Outcome::Error, 2));
    let now = UNIX_EPOCH + Duration::from_millis(8);
    for number in 0..u128::try_from(CAPACITY).unwrap() {
        let trace = TraceId::new(number.to_be_bytes());
        let handle = RequestHandle::open(&requests, NewRequest { trace, method: "GET", path: "/", now });
        handle.close(200, Duration::ZERO);
    }
    assert_eq!(requests.size(), RecordSize { held: CAPACITY, bound: CAPACITY, dropped: 1 });
    requests.change_trace(trace, Some(OrphanTrace::init(7)), |_| panic!("the entry was dropped"));
    assert_eq!(requests.size().dropped, 1);
}

#[test]
fn each_function_on_the_map_has_its_rate_errors_and_latency() {
    let requests = Requests::default();
    let minute = Duration::from_millis(RATE_WINDOW_MS);
    for (number, (function, status)) in
        [(Some("home"), 200), (Some("home"), 502), (Some("post"), 422), (None, 404)].into_iter().enumerate()
    {
        let trace = TraceId::new([u8::try_from(number).unwrap(); 16]);
        // The first is a minute older than the others.
        let now = UNIX_EPOCH + if number == 0 { Duration::ZERO } else { minute };
        let handle = RequestHandle::open(&requests, NewRequest { trace, method: "GET", path: "/", now });
        if let Some(function) = function {
            handle.set_function(function);
        }
        handle.close(status, Duration::from_millis(10 * (number as u64 + 1)));
    }
    requests.add_table_call("home", 1_500, false);
    let map = requests.map(UNIX_EPOCH + minute + Duration::from_millis(1));
    assert_eq!((map.looked_at, map.by_gateway), (4, 1));
    assert_eq!((map.api.count, map.api.errors, map.api.per_minute), (4, 1, 3));
    let [home, post] = map.functions.as_slice() else { panic!("{map:?}") };
    assert_eq!((home.name.as_str(), home.count, home.errors, home.per_minute), ("home", 2, 1, 1));
    assert_eq!((home.p50_ms, home.p99_ms), (Some(10.0), Some(20.0)));
    assert_eq!((post.name.as_str(), post.errors), ("post", 0), "a 4xx is not an error");
    assert_eq!((map.table[0].name.as_str(), map.table[0].count, map.table[0].p50_ms), ("home", 1, Some(1.5)));
}
