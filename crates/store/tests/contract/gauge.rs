//! What a call costs, read off the spans that the store leaves: they open when a request is made and close when it is answered.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Subscriber, subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// One request to the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    opened: usize,
    closed: usize,
    pub(crate) fields: HashMap<String, String>,
}

/// What a call came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) waves: usize,
    pub(crate) requests: usize,
    pub(crate) items_read: usize,
    pub(crate) units_read: f64,
    pub(crate) items_written: usize,
    pub(crate) units_written: f64,
}

#[derive(Default)]
struct Seen {
    clock: usize,
    steps: HashMap<u64, Step>,
}

#[derive(Clone, Default)]
struct Gauge(Arc<Mutex<Seen>>);

/// A gauge that is never looked at and never goes. Subscribers come and go on the threads of other tests; were there ever none, `tracing`
/// could note that nobody wants the store's spans, just as one of ours begins to.
static ALWAYS: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry().with(Gauge::default())));

/// Runs a call on this thread's runtime and says what it answered and which requests it made.
pub(crate) async fn measured<T>(call: impl Future<Output = T>) -> (T, Vec<Step>) {
    LazyLock::force(&ALWAYS);
    let gauge = Gauge::default();
    let seen = Arc::clone(&gauge.0);
    let guard = subscriber::set_default(tracing_subscriber::registry().with(gauge));
    let answer = call.await;
    drop(guard);
    let steps = seen.lock().unwrap().steps.values().cloned().collect();
    (answer, steps)
}

/// The sum of these requests. A request belongs to the wave after the last one that was answered before it was made.
pub(crate) fn cost(steps: &[Step]) -> Cost {
    let mut steps = steps.to_vec();
    steps.sort_by_key(|step| step.opened);
    let mut waves: Vec<usize> = Vec::new();
    for step in &steps {
        let earlier = steps.iter().zip(&waves).filter(|(other, _)| other.closed < step.opened);
        waves.push(1 + earlier.map(|(_, wave)| *wave).max().unwrap_or(0));
    }
    let mut cost = Cost { waves: waves.into_iter().max().unwrap_or(0), requests: steps.len(), ..Cost::default() };
    for step in &steps {
        let number = |name: &str| step.fields.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        if step.fields["db.operation.name"] == "TransactWriteItems" {
            cost.items_written += number("db.operation.batch.size");
            cost.units_written += units(step);
        } else {
            cost.items_read += number("db.response.returned_rows");
            cost.units_read += units(step);
        }
    }
    cost
}

fn units(step: &Step) -> f64 {
    let told: serde_json::Value = serde_json::from_str(&step.fields["aws.dynamodb.consumed_capacity"]).unwrap();
    told[0]["CapacityUnits"].as_f64().unwrap()
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Gauge {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() != "DynamoDB" {
            return;
        }
        let mut seen = self.0.lock().unwrap();
        seen.clock += 1;
        let mut step = Step { opened: seen.clock, ..Step::default() };
        attributes.record(&mut Fields(&mut step.fields));
        seen.steps.insert(id.into_u64(), step);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if let Some(step) = self.0.lock().unwrap().steps.get_mut(&id.into_u64()) {
            values.record(&mut Fields(&mut step.fields));
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut seen = self.0.lock().unwrap();
        seen.clock += 1;
        let clock = seen.clock;
        // Ids are used again: a closed span moves to one of its own.
        if let Some(mut step) = seen.steps.remove(&id.into_u64()) {
            step.closed = clock;
            seen.steps.insert(u64::MAX - clock as u64, step);
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
