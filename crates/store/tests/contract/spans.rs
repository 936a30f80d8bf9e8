//! Spans: what the store records of its requests, and what it must not record.

use crate::proxy::{Faults, Proxy};
use crate::requests::record_requests;
use crate::sample::*;
use crate::test_table::TestTable;

#[tokio::test]
async fn a_request_has_a_span_with_the_attributes_of_the_conventions() {
    let table = TestTable::embedded().await;
    let store = table.store().await;
    let worf = person(&store, "worf").await;
    let (_, requests) = record_requests(store.user_short(&worf.handle)).await;
    let fields = &requests[0].fields;
    for (name, value) in [
        ("otel.name", "DynamoDB.GetItem"),
        ("otel.kind", "client"),
        ("db.system.name", "aws.dynamodb"),
        ("db.operation.name", "GetItem"),
        ("db.collection.name", table.name()),
        ("rpc.system", "aws-api"),
        ("rpc.service", "DynamoDB"),
        ("rpc.method", "GetItem"),
        ("aws.dynamodb.table_names", &format!("[\"{}\"]", table.name())),
        ("aws.dynamodb.consistent_read", "true"),
        ("db.response.returned_rows", "1"),
    ] {
        assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(fields.contains_key("aws.request_id"), "{fields:?}");
    assert!(!fields.contains_key("error.type"), "{fields:?}");
}

#[tokio::test]
async fn no_span_reveals_users_or_texts() {
    let table = TestTable::embedded().await;
    let (store, now) = (table.store().await, now());
    let ((worf, written), requests) = record_requests(async {
        let (worf, _) = (person(&store, "worf").await, person(&store, "picard").await);
        let written = post(&store, &worf, "Cloud is fun", "1-day", now).await;
        reply(&store, &worf, written.uuid, "secret answer", now).await;
        open_conversation(&store, &worf, "picard", "secret message", now).await;
        store.home(first(40), now).await.unwrap();
        store.user_page(&worf.handle, first(40), now).await.unwrap();
        store.notifications(&worf.sub, first(40), now).await.unwrap();
        (worf, written)
    })
    .await;
    assert!(requests.len() > 10, "{}", requests.len());
    let (sub, id) = (worf.sub.to_string(), written.uuid.to_string());
    for request in requests {
        for (name, value) in &request.fields {
            for secret in ["worf", "picard", "secret", "cloud", "Cloud", sub.as_str(), id.as_str()] {
                assert!(!value.contains(secret), "{name} reveals {value}");
            }
        }
    }
}

#[tokio::test]
async fn all_attempts_of_a_failed_request_share_one_span() {
    let table = TestTable::embedded().await;
    let worf = person(&table.store().await, "worf").await;
    let faults = Faults { throttling: 100, ..Faults::default() };
    let store = table.through(&Proxy::start(table.endpoint(), faults).await.address).store_with_short_retries().await;
    let (result, requests) = record_requests(store.user_short(&worf.handle)).await;
    assert!(matches!(result, Err(crudder_store::Error::Busy { .. })), "{result:?}");
    assert_eq!(requests.len(), 1);
    let fields = &requests[0].fields;
    assert_eq!(fields["error.type"], "ProvisionedThroughputExceededException");
    assert_eq!((fields["otel.status_code"].as_str(), fields["http.response.status_code"].as_str()), ("ERROR", "400"));
    assert!(fields.contains_key("http.request.resend_count"), "{fields:?}");
}

#[tokio::test]
async fn a_missing_table_is_refused_without_a_retry() {
    let table = TestTable::embedded().await;
    let config = crudder_store::StoreConfig { table: "no-such-table".to_owned(), ..table.config() };
    let store = crudder_store::Store::connect(&config).await;
    let (result, requests) = record_requests(store.user_by_sub(&stranger())).await;
    let text = result.unwrap_err().to_string();
    assert_eq!(text, "failed to read an item: ResourceNotFoundException");
    assert!(!requests[0].fields.contains_key("http.request.resend_count"), "{:?}", requests[0].fields);
}
