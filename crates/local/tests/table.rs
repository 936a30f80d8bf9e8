//! The table: data survives a restart, and expired items are deleted.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_local::Table;
use crudder_store::{Store, StoreConfig};
use crudder_testing::wait::within_timeout;
use serde_json::{Value, json};

/// An expiry far in the future, in seconds since 1970.
const FAR_FUTURE: u64 = 4_000_000_000;

/// A signature of the right form. The embedded table does not verify it.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// Creates the table's schema, as the store does.
async fn with_schema(table: Table) -> Table {
    Store::connect(&StoreConfig::local(&table.endpoint(), "crudder")).await.create_table().await.unwrap();
    table
}

/// Calls the endpoint with DynamoDB's own JSON.
async fn call(table: &Table, operation: &str, request: Value) -> Value {
    let request = reqwest::Client::new().post(table.endpoint()).body(request.to_string());
    let request = request.header("Content-Type", "application/x-amz-json-1.0").header("X-Amz-Date", "20260101T000000Z");
    let request =
        request.header("X-Amz-Target", format!("DynamoDB_20120810.{operation}")).header("Authorization", SIGNATURE);
    let response = request.send().await.unwrap();
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{operation}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Writes an item that expires at this second since 1970.
async fn put(table: &Table, name: &str, ttl: u64) {
    let item = json!({"pk": {"S": name}, "sk": {"S": "it"}, "ttl": {"N": ttl.to_string()}});
    call(table, "PutItem", json!({"TableName": "crudder", "Item": item})).await;
}

async fn exists(table: &Table, name: &str) -> bool {
    let key = json!({"pk": {"S": name}, "sk": {"S": "it"}});
    call(table, "GetItem", json!({"TableName": "crudder", "Key": key})).await.get("Item").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn items_survive_a_restart_and_expired_ones_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let table = with_schema(Table::open(folder.path()).await.unwrap()).await;
    put(&table, "kept", FAR_FUTURE).await;
    // An hour ago: DynamoDB never deletes an item that expired more than five years ago.
    put(&table, "expired", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 3_600).await;
    table.stop().await;
    let table = Table::open(folder.path()).await.unwrap();
    let deleted = async { while exists(&table, "expired").await {} };
    within_timeout("the deletion of the expired item", deleted).await;
    assert!(exists(&table, "kept").await);
    table.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_in_memory_does_not_survive_a_restart() {
    let table = with_schema(Table::in_memory().await.unwrap()).await;
    put(&table, "it", FAR_FUTURE).await;
    assert!(exists(&table, "it").await);
    table.stop().await;
    let table = with_schema(Table::in_memory().await.unwrap()).await;
    assert!(!exists(&table, "it").await);
    table.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_table_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.sqlite"), "no table, but long enough to be read as the head of one")
        .unwrap();
    let message = Table::open(folder.path()).await.unwrap_err().to_string();
    assert!(message.starts_with("open the table file ") && message.contains("table.sqlite: "), "{message}");
}
