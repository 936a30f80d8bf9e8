//! What is taken can be asked for again.

use super::{daemon, send_document, violations};
use crate::support::{PATIENCE, TRACE, document};

#[tokio::test]
async fn a_document_is_taken_and_shown_with_what_is_nested_in_it() {
    let daemon = daemon().await;
    send_document(daemon.address(), &document("1111222233334444")).await;
    let kept = daemon.wait_for(PATIENCE, |store| store.documents().next().cloned()).await.unwrap();
    assert_eq!((kept.id.as_str(), kept.parent_id.as_deref()), ("1111222233334444", Some("aaaabbbbccccdddd")));
    assert_eq!(kept.raw, document("1111222233334444").to_string());

    let tree = daemon.with_store(|store| store.tree(TRACE.parse().unwrap()));
    assert_eq!((tree.len(), tree[0].name.as_str()), (1, "home-activities"));
    assert_eq!(tree[0].children[0].name, "DynamoDB");
    assert_eq!(daemon.with_store(violations), Vec::<&str>::new());
}
