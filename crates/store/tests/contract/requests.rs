//! Records the requests of a call from the store's spans: a span opens when a request is sent and
//! closes when it is answered.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Subscriber, subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// A request to the table. `opened` and `closed` count the events of all requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    opened: usize,
    closed: usize,
    pub(crate) fields: HashMap<String, String>,
}

/// The cost of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) round_trips: usize,
    pub(crate) requests: usize,
    pub(crate) items_read: usize,
    pub(crate) units_read: f64,
    pub(crate) items_written: usize,
    pub(crate) units_written: f64,
}

#[derive(Default)]
struct State {
    events: usize,
    requests: HashMap<u64, Request>,
}

/// A `tracing` layer that records the store's spans.
#[derive(Clone, Default)]
struct RequestLayer(Arc<Mutex<State>>);

/// A subscriber that exists for the whole process. Subscribers come and go on the threads of other
/// tests. If at one moment there were none, `tracing` could cache that the store's spans are
/// disabled, just when a test begins to record them.
static ALWAYS: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry().with(RequestLayer::default())));

/// Runs a call on this thread's runtime. Returns its result and its requests.
pub(crate) async fn record_requests<T>(call: impl Future<Output = T>) -> (T, Vec<Request>) {
    LazyLock::force(&ALWAYS);
    let layer = RequestLayer::default();
    let state = Arc::clone(&layer.0);
    let guard = subscriber::set_default(tracing_subscriber::registry().with(layer));
    let result = call.await;
    drop(guard);
    let requests = state.lock().unwrap().requests.values().cloned().collect();
    (result, requests)
}

/// Returns the total cost of the requests. A request belongs to the round trip after the last one
/// that was answered before the request was sent.
pub(crate) fn cost(requests: &[Request]) -> Cost {
    let mut requests = requests.to_vec();
    requests.sort_by_key(|request| request.opened);
    let mut round_trips: Vec<usize> = Vec::new();
    for request in &requests {
        let earlier = requests.iter().zip(&round_trips).filter(|(other, _)| other.closed < request.opened);
        round_trips.push(1 + earlier.map(|(_, round_trip)| *round_trip).max().unwrap_or(0));
    }
    let round_trips = round_trips.into_iter().max().unwrap_or(0);
    let mut cost = Cost { round_trips, requests: requests.len(), ..Cost::default() };
    for request in &requests {
        let number = |name: &str| request.fields.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        if request.fields["db.operation.name"] == "TransactWriteItems" {
            cost.items_written += number("db.operation.batch.size");
            cost.units_written += units(request);
        } else {
            cost.items_read += number("db.response.returned_rows");
            cost.units_read += units(request);
        }
    }
    cost
}

fn units(request: &Request) -> f64 {
    let capacity: serde_json::Value = serde_json::from_str(&request.fields["aws.dynamodb.consumed_capacity"]).unwrap();
    capacity[0]["CapacityUnits"].as_f64().unwrap()
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for RequestLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() != "DynamoDB" {
            return;
        }
        let mut state = self.0.lock().unwrap();
        state.events += 1;
        let mut request = Request { opened: state.events, ..Request::default() };
        attributes.record(&mut Fields(&mut request.fields));
        state.requests.insert(id.into_u64(), request);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if let Some(request) = self.0.lock().unwrap().requests.get_mut(&id.into_u64()) {
            values.record(&mut Fields(&mut request.fields));
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut state = self.0.lock().unwrap();
        state.events += 1;
        let now = state.events;
        // `tracing` reuses ids, so a closed request moves to an id of its own.
        if let Some(mut request) = state.requests.remove(&id.into_u64()) {
            request.closed = now;
            state.requests.insert(u64::MAX - now as u64, request);
        }
    }
}

struct Fields<'a>(&'a mut HashMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
