//! Documents that the fake accepted are found in its store.

use crudder_testing::TIMEOUT;

use super::{daemon, send_document, violations};
use crate::support::{TRACE, document};

#[tokio::test]
async fn a_document_is_stored_with_its_subsegments() {
    let daemon = daemon().await;
    send_document(daemon.address(), &document("1111222233334444")).await;
    let stored = daemon.wait_for(TIMEOUT, |store| store.documents().next().cloned()).await.unwrap();
    assert_eq!((stored.id.as_str(), stored.parent_id.as_deref()), ("1111222233334444", Some("aaaabbbbccccdddd")));
    assert_eq!(stored.raw, document("1111222233334444").to_string());

    let tree = daemon.with_store(|store| store.tree(TRACE.parse().unwrap()));
    assert_eq!((tree.len(), tree[0].name.as_str()), (1, "home-activities"));
    assert_eq!(tree[0].children[0].name, "DynamoDB");
    assert_eq!(daemon.with_store(violations), Vec::<&str>::new());
}
