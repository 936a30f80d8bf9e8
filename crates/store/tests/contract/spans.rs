//! Spans: what the store says of its requests, and what it must not say.

use crate::gauge::measured;
use crate::place::Place;
use crate::proxy::{Mood, Proxy};
use crate::sample::*;

#[tokio::test]
async fn a_request_leaves_a_span_with_the_conventions_fields() {
    let place = Place::embedded().await;
    let store = place.store().await;
    let worf = person(&store, "worf").await;
    let (_, steps) = measured(store.user_short(&worf.handle)).await;
    let fields = &steps[0].fields;
    for (name, value) in [
        ("otel.name", "DynamoDB.GetItem"),
        ("otel.kind", "client"),
        ("db.system.name", "aws.dynamodb"),
        ("db.operation.name", "GetItem"),
        ("db.collection.name", place.table()),
        ("rpc.system", "aws-api"),
        ("rpc.service", "DynamoDB"),
        ("rpc.method", "GetItem"),
        ("aws.dynamodb.table_names", &format!("[\"{}\"]", place.table())),
        ("aws.dynamodb.consistent_read", "true"),
        ("db.response.returned_rows", "1"),
    ] {
        assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(fields.contains_key("aws.request_id"), "{fields:?}");
    assert!(!fields.contains_key("error.type"), "{fields:?}");
}

#[tokio::test]
async fn no_span_tells_whom_or_what_it_is_about() {
    let place = Place::embedded().await;
    let (store, now) = (place.store().await, now());
    let ((worf, written), steps) = measured(async {
        let (worf, _) = (person(&store, "worf").await, person(&store, "picard").await);
        let written = post(&store, &worf, "Cloud is fun", "1-day", now).await;
        reply(&store, &worf, written.uuid, "secret answer", now).await;
        start(&store, &worf, "picard", "secret message", now).await;
        store.home(first(40), now).await.unwrap();
        store.user_page(&worf.handle, first(40), now).await.unwrap();
        store.notifications(&worf.sub, first(40), now).await.unwrap();
        (worf, written)
    })
    .await;
    assert!(steps.len() > 10, "{}", steps.len());
    let (sub, id) = (worf.sub.to_string(), written.uuid.to_string());
    for step in steps {
        for (name, value) in &step.fields {
            for secret in ["worf", "picard", "secret", "cloud", "Cloud", sub.as_str(), id.as_str()] {
                assert!(!value.contains(secret), "{name} tells {value}");
            }
        }
    }
}

#[tokio::test]
async fn a_failure_is_on_its_span_once_for_all_attempts() {
    let place = Place::embedded().await;
    let worf = person(&place.store().await, "worf").await;
    let mood = Mood { throttling: 100, ..Mood::default() };
    let store = place.seen_from(&Proxy::start(place.address(), mood).await.address).impatient_store().await;
    let (answer, steps) = measured(store.user_short(&worf.handle)).await;
    assert!(matches!(answer, Err(crudder_store::Error::Busy { .. })), "{answer:?}");
    assert_eq!(steps.len(), 1);
    let fields = &steps[0].fields;
    assert_eq!(fields["error.type"], "ProvisionedThroughputExceededException");
    assert_eq!((fields["otel.status_code"].as_str(), fields["http.response.status_code"].as_str()), ("ERROR", "400"));
    assert!(fields.contains_key("http.request.resend_count"), "{fields:?}");
}

#[tokio::test]
async fn a_missing_table_is_refused_at_once() {
    let place = Place::embedded().await;
    let config = crudder_store::StoreConfig { table: "no-such-table".to_owned(), ..place.config() };
    let store = crudder_store::Store::connect(&config).await;
    let (answer, steps) = measured(store.user_by_sub(&stranger())).await;
    let text = answer.unwrap_err().to_string();
    assert_eq!(text, "failed to read an item: ResourceNotFoundException");
    assert!(!steps[0].fields.contains_key("http.request.resend_count"), "{:?}", steps[0].fields);
}
