//! Items that the fake accepted are found in its store.

use serde_json::json;

use super::{post, rollbar, violations};
use crate::support::{TRACE, item};

#[tokio::test]
async fn an_item_is_stored_and_found_by_uuid_and_by_trace() {
    let rollbar = rollbar().await;
    let response = post(&rollbar, &item("one")).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.json(), json!({ "err": 0, "result": { "uuid": "one", "id": null } }));

    let stored = rollbar.with_store(|store| store.item("one").cloned()).unwrap();
    assert_eq!((stored.level.as_str(), stored.environment.as_str()), ("error", "local"));
    assert_eq!(stored.title, "StoreError::Timeout: query took 3 s");
    assert_eq!(stored.context.as_deref(), Some("POST /api/activities"));
    assert_eq!(stored.raw, item("one").to_string());
    assert_eq!(rollbar.with_store(|store| store.items_of(TRACE.parse().unwrap()).count()), 1);
    assert_eq!(rollbar.with_store(violations), Vec::<&str>::new());
}
