//! The table of one machine: what is written stays over a restart, and what expired goes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_local::Table;
use crudder_store::{Store, StoreConfig};
use serde_json::{Value, json};

/// A sweep of two items is over at once; a busy machine may take a while to begin.
const PATIENCE: Duration = Duration::from_secs(30);

/// Far from now.
const LATE: u64 = 4_000_000_000;

/// DynamoDB's signature in form; the embedded table looks no closer.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// Has the store make its table.
async fn made(table: Table) -> Table {
    Store::connect(&StoreConfig::local(&table.endpoint(), "crudder")).await.create_table().await.unwrap();
    table
}

/// Asks the endpoint in DynamoDB's own words.
async fn ask(table: &Table, operation: &str, request: Value) -> Value {
    let call = reqwest::Client::new().post(table.endpoint()).body(request.to_string());
    let call = call.header("Content-Type", "application/x-amz-json-1.0").header("X-Amz-Date", "20260101T000000Z");
    let call = call.header("X-Amz-Target", format!("DynamoDB_20120810.{operation}")).header("Authorization", SIGNATURE);
    let answer = call.send().await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{operation}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// An item that expires at this second since 1970.
async fn put(table: &Table, name: &str, ttl: u64) {
    let item = json!({"pk": {"S": name}, "sk": {"S": "it"}, "ttl": {"N": ttl.to_string()}});
    ask(table, "PutItem", json!({"TableName": "crudder", "Item": item})).await;
}

async fn is_there(table: &Table, name: &str) -> bool {
    let key = json!({"pk": {"S": name}, "sk": {"S": "it"}});
    ask(table, "GetItem", json!({"TableName": "crudder", "Key": key})).await.get("Item").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_stays_over_a_restart_and_what_expired_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let table = made(Table::open(folder.path()).await.unwrap()).await;
    put(&table, "kept", LATE).await;
    // An hour ago: DynamoDB leaves alone what expired more than five years ago.
    put(&table, "expired", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 3_600).await;
    table.stop().await;
    let table = Table::open(folder.path()).await.unwrap();
    let swept = async { while is_there(&table, "expired").await {} };
    assert!(tokio::time::timeout(PATIENCE, swept).await.is_ok(), "the expired item is still there");
    assert!(is_there(&table, "kept").await);
    table.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_in_memory_forgets() {
    let table = made(Table::in_memory().await.unwrap()).await;
    put(&table, "it", LATE).await;
    assert!(is_there(&table, "it").await);
    table.stop().await;
    let table = made(Table::in_memory().await.unwrap()).await;
    assert!(!is_there(&table, "it").await);
    table.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_table_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.sqlite"), "no table, but long enough to be read as the head of one")
        .unwrap();
    let message = Table::open(folder.path()).await.unwrap_err().to_string();
    assert!(message.starts_with("open the table's file: "), "{message}");
}
