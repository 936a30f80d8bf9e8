//! A proxy before the embedded table that does what AWS does and the embedded table never does: conflicts between transactions,
//! throttling, answers that get lost, batches that are left half done, refusals.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::refusals::refuse;

const VERSION: &str = "com.amazonaws.dynamodb.v20120810";

/// How likely the proxy does what, in percent of the requests that it fits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mood {
    pub(crate) conflicts: u8,
    pub(crate) throttling: u8,
    pub(crate) lost_answers: u8,
    pub(crate) half_batches: u8,
    /// Whether transactions that are under way at the same time and share an item disturb each other, as they do at AWS.
    pub(crate) isolation: bool,
    /// Whether requests go through one at a time: for a table whose transactions lose each other's writes, as moto's do.
    pub(crate) single_file: bool,
}

impl Mood {
    pub(crate) fn hostile() -> Self {
        Self { conflicts: 15, throttling: 10, lost_answers: 5, half_batches: 20, isolation: true, single_file: false }
    }
}

/// A proxy that serves until the test's runtime ends.
pub(crate) struct Proxy {
    pub(crate) address: String,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    mood: Mood,
    random: Mutex<fastrand::Rng>,
    under_way: Mutex<HashSet<String>>,
    file: tokio::sync::Mutex<()>,
}

impl Proxy {
    pub(crate) async fn start(upstream: &str, mood: Mood) -> Self {
        let seed = seed();
        tell(seed, mood);
        let shared = Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::new(),
            mood,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            under_way: Mutex::default(),
            file: tokio::sync::Mutex::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(Arc::new(shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address }
    }
}

/// The seed to repeat a run with, or a new one. What a seed can't hold still is which of two requests at once comes first.
#[expect(clippy::disallowed_methods, reason = "a run is repeated by this variable, read here only")]
fn seed() -> u64 {
    let given = std::env::var("CRUDDER_TEST_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "shown with a test that fails, so that it can be repeated")]
fn tell(seed: u64, mood: Mood) {
    println!("CRUDDER_TEST_SEED={seed} {mood:?}");
}

async fn handle(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    if let Some(why) = refuse(&operation, &asked) {
        return fault(400, "ValidationException", json!({ "message": why }));
    }
    let keys = if operation == "TransactWriteItems" { keys_of(&asked) } else { Vec::new() };
    let _held = match shared.disturbed(&operation, &keys) {
        Ok(held) => held,
        Err(disturbance) => return *disturbance,
    };
    if operation == "BatchGetItem" && shared.lucky(shared.mood.half_batches) {
        return shared.half_batch(&headers, asked).await;
    }
    let (status, answer) = shared.forward(&headers, body).await;
    if status == 200 && shared.lucky(shared.mood.lost_answers) {
        return fault(500, "InternalServerError", json!({ "message": "the answer was lost" }));
    }
    respond(status, answer)
}

/// The items of a transaction that is under way.
struct Held<'a>(&'a Shared, Vec<String>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut under_way = self.0.under_way.lock().unwrap();
        self.1.iter().for_each(|key| {
            under_way.remove(key);
        });
    }
}

impl Shared {
    fn lucky(&self, percent: u8) -> bool {
        self.random.lock().unwrap().u8(0..100) < percent
    }

    /// Holds the items of a transaction, or says what came between.
    fn disturbed(&self, operation: &str, keys: &[String]) -> Result<Held<'_>, Box<Response>> {
        let table_is_made = ["CreateTable", "DescribeTable", "UpdateTimeToLive"].contains(&operation);
        if !table_is_made && self.lucky(self.mood.throttling) {
            let code = "ProvisionedThroughputExceededException";
            return Err(Box::new(fault(400, code, json!({ "message": "too fast" }))));
        }
        if keys.is_empty() {
            return Ok(Held(self, Vec::new()));
        }
        if self.lucky(self.mood.conflicts) {
            let code = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
                [self.random.lock().unwrap().usize(0..3)];
            let at = self.random.lock().unwrap().usize(0..keys.len());
            return Err(Box::new(cancelled(keys.len(), at, code)));
        }
        let mut under_way = self.under_way.lock().unwrap();
        if self.mood.isolation
            && let Some(at) = keys.iter().position(|key| under_way.contains(key))
        {
            return Err(Box::new(cancelled(keys.len(), at, "TransactionConflict")));
        }
        under_way.extend(keys.iter().cloned());
        Ok(Held(self, keys.to_vec()))
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> (u16, Bytes) {
        let _turn = if self.mood.single_file { Some(self.file.lock().await) } else { None };
        let mut request = self.client.post(&self.upstream).body(body);
        for name in ["content-type", "x-amz-target", "authorization", "x-amz-date"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    }

    /// Answers the first half of a batch and leaves the rest unprocessed.
    async fn half_batch(&self, headers: &HeaderMap, mut asked: Value) -> Response {
        let tables = asked["RequestItems"].as_object_mut().unwrap();
        let (name, wanted) = tables.iter_mut().next().map(|(name, wanted)| (name.clone(), wanted)).unwrap();
        let keys = wanted["Keys"].as_array_mut().unwrap();
        let rest = keys.split_off(keys.len().div_ceil(2));
        let (status, answer) = self.forward(headers, asked.to_string().into()).await;
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        if !rest.is_empty() && status == 200 {
            answer["UnprocessedKeys"] = json!({ name: { "Keys": rest, "ConsistentRead": true } });
        }
        respond(status, answer.to_string().into())
    }
}

/// The items that a transaction touches.
pub(crate) fn keys_of(asked: &Value) -> Vec<String> {
    let items = asked["TransactItems"].as_array().into_iter().flatten();
    items
        .map(|item| {
            let action = item.as_object().unwrap().values().next().unwrap();
            let key = if action["Key"].is_null() { &action["Item"] } else { &action["Key"] };
            format!("{}|{}|{}", action["TableName"], key["pk"]["S"], key["sk"]["S"])
        })
        .collect()
}

fn cancelled(items: usize, at: usize, code: &str) -> Response {
    let reasons: Vec<Value> =
        (0..items).map(|item| json!({ "Code": if item == at { code } else { "None" } })).collect();
    let body = json!({ "Message": "Transaction cancelled", "CancellationReasons": reasons });
    fault(400, "TransactionCanceledException", body)
}

fn fault(status: u16, code: &str, mut body: Value) -> Response {
    body["__type"] = format!("{VERSION}#{code}").into();
    respond(status, body.to_string().into())
}

fn respond(status: u16, body: Bytes) -> Response {
    let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", "PROXY")];
    (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
}
