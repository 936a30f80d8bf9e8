//! A proxy in front of the embedded table that injects the faults of AWS: conflicts between
//! transactions, throttling, lost responses, partly processed batches, and refused requests.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::refusals::{keys_of, refuse};

const VERSION: &str = "com.amazonaws.dynamodb.v20120810";

/// The faults to inject, each in percent of the requests that it can affect.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) conflicts: u8,
    pub(crate) throttling: u8,
    pub(crate) lost_responses: u8,
    pub(crate) partial_batches: u8,
    /// Whether concurrent transactions that share an item conflict, as they do in AWS.
    pub(crate) isolation: bool,
    /// Whether requests are sent one at a time: for a table whose transactions lose each other's
    /// writes, as moto's do.
    pub(crate) serialized: bool,
}

impl Faults {
    pub(crate) fn all() -> Self {
        Self {
            conflicts: 15,
            throttling: 10,
            lost_responses: 5,
            partial_batches: 20,
            isolation: true,
            serialized: false,
        }
    }
}

/// A proxy that serves until the test's runtime ends.
pub(crate) struct Proxy {
    pub(crate) address: String,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    faults: Faults,
    rng: Mutex<fastrand::Rng>,
    locked_items: Mutex<HashSet<String>>,
    turn: tokio::sync::Mutex<()>,
}

impl Proxy {
    pub(crate) async fn start(upstream: &str, faults: Faults) -> Self {
        let seed = seed();
        print_seed(seed, faults);
        let shared = Shared {
            upstream: upstream.to_owned(),
            client: reqwest::Client::new(),
            faults,
            rng: Mutex::new(fastrand::Rng::with_seed(seed)),
            locked_items: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(Arc::new(shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address }
    }
}

/// Returns the seed of the run to repeat, or a new one. A seed does not determine the order of
/// concurrent requests.
#[expect(clippy::disallowed_methods, reason = "a run is repeated by this variable, read here only")]
fn seed() -> u64 {
    let given = std::env::var("CRUDDER_TEST_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "the output of a failed test has the seed to repeat it")]
fn print_seed(seed: u64, faults: Faults) {
    println!("CRUDDER_TEST_SEED={seed} {faults:?}");
}

async fn handle(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let request: Value = serde_json::from_slice(&body).unwrap();
    if let Some(why) = refuse(&operation, &request) {
        return error(400, "ValidationException", json!({ "message": why }));
    }
    let keys = if operation == "TransactWriteItems" { keys_of(&request) } else { Vec::new() };
    let _lock = match shared.lock_or_fail(&operation, &keys) {
        Ok(lock) => lock,
        Err(fault) => return *fault,
    };
    if operation == "BatchGetItem" && shared.chance(shared.faults.partial_batches) {
        return shared.partial_batch(&headers, request).await;
    }
    let (status, body) = shared.forward(&headers, body).await;
    if status == 200 && shared.chance(shared.faults.lost_responses) {
        return error(500, "InternalServerError", json!({ "message": "the response was lost" }));
    }
    respond(status, body)
}

/// The lock on the items of a transaction in progress.
struct ItemLock<'a>(&'a Shared, Vec<String>);

impl Drop for ItemLock<'_> {
    fn drop(&mut self) {
        let mut locked = self.0.locked_items.lock().unwrap();
        self.1.iter().for_each(|key| {
            locked.remove(key);
        });
    }
}

impl Shared {
    fn chance(&self, percent: u8) -> bool {
        self.rng.lock().unwrap().u8(0..100) < percent
    }

    /// Locks the items of a transaction, or returns the response of an injected fault.
    fn lock_or_fail(&self, operation: &str, keys: &[String]) -> Result<ItemLock<'_>, Box<Response>> {
        let is_table_operation = ["CreateTable", "DescribeTable", "UpdateTimeToLive"].contains(&operation);
        if !is_table_operation && self.chance(self.faults.throttling) {
            let code = "ProvisionedThroughputExceededException";
            return Err(Box::new(error(400, code, json!({ "message": "too fast" }))));
        }
        if keys.is_empty() {
            return Ok(ItemLock(self, Vec::new()));
        }
        if self.chance(self.faults.conflicts) {
            let code = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
                [self.rng.lock().unwrap().usize(0..3)];
            let at = self.rng.lock().unwrap().usize(0..keys.len());
            return Err(Box::new(cancelled(keys.len(), at, code)));
        }
        let mut locked = self.locked_items.lock().unwrap();
        if self.faults.isolation
            && let Some(at) = keys.iter().position(|key| locked.contains(key))
        {
            return Err(Box::new(cancelled(keys.len(), at, "TransactionConflict")));
        }
        locked.extend(keys.iter().cloned());
        Ok(ItemLock(self, keys.to_vec()))
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> (u16, Bytes) {
        let _turn = if self.faults.serialized { Some(self.turn.lock().await) } else { None };
        let mut request = self.client.post(&self.upstream).body(body);
        for name in ["content-type", "x-amz-target", "authorization", "x-amz-date"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    }

    /// Processes the first half of a batch and returns the rest as unprocessed keys.
    async fn partial_batch(&self, headers: &HeaderMap, mut request: Value) -> Response {
        let tables = request["RequestItems"].as_object_mut().unwrap();
        let (name, batch) = tables.iter_mut().next().map(|(name, batch)| (name.clone(), batch)).unwrap();
        let keys = batch["Keys"].as_array_mut().unwrap();
        let rest = keys.split_off(keys.len().div_ceil(2));
        let (status, body) = self.forward(headers, request.to_string().into()).await;
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        if !rest.is_empty() && status == 200 {
            body["UnprocessedKeys"] = json!({ name: { "Keys": rest, "ConsistentRead": true } });
        }
        respond(status, body.to_string().into())
    }
}

fn cancelled(items: usize, at: usize, code: &str) -> Response {
    let reasons: Vec<Value> =
        (0..items).map(|item| json!({ "Code": if item == at { code } else { "None" } })).collect();
    let body = json!({ "Message": "Transaction cancelled", "CancellationReasons": reasons });
    error(400, "TransactionCanceledException", body)
}

fn error(status: u16, code: &str, mut body: Value) -> Response {
    body["__type"] = format!("{VERSION}#{code}").into();
    respond(status, body.to_string().into())
}

fn respond(status: u16, body: Bytes) -> Response {
    let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", "PROXY")];
    (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
}
