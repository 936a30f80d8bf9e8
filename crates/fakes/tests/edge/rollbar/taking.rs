//! What is taken can be asked for again.

use serde_json::json;

use super::{post, rollbar, violations};
use crate::support::{TRACE, item};

#[tokio::test]
async fn an_item_is_taken_and_shown_by_uuid_and_by_trace() {
    let rollbar = rollbar().await;
    let heard = post(&rollbar, &item("one")).await;
    assert_eq!(heard.status, 200, "{heard:?}");
    assert_eq!(heard.json(), json!({ "err": 0, "result": { "uuid": "one", "id": null } }));

    let kept = rollbar.with_store(|store| store.item("one").cloned()).unwrap();
    assert_eq!((kept.level.as_str(), kept.environment.as_str()), ("error", "local"));
    assert_eq!(kept.title, "StoreError::Timeout: query took 3 s");
    assert_eq!(kept.context.as_deref(), Some("POST /api/activities"));
    assert_eq!(kept.raw, item("one").to_string());
    assert_eq!(rollbar.with_store(|store| store.items_of(TRACE.parse().unwrap()).count()), 1);
    assert_eq!(rollbar.with_store(violations), Vec::<&str>::new());
}
