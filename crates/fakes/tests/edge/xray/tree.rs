//! Documents of one trace become a tree; documents of one id overwrite each other.

use crudder_fakes::{Fault, Plan, XrayDaemon};
use crudder_testing::TIMEOUT;
use serde_json::{Value, json};

use super::{daemon, send_document, violations};
use crate::support::{TRACE, document};

const ROOT: &str = "1111222233334444";

fn in_progress(id: &str) -> Value {
    let mut open = document(id);
    let fields = open.as_object_mut().unwrap();
    fields.remove("end_time");
    fields.remove("subsegments");
    fields.insert("in_progress".into(), true.into());
    open
}

fn independent(id: &str, parent: &str, start: f64) -> Value {
    json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": id, "parent_id": parent, "type": "subsegment",
        "name": format!("step-{id}"), "start_time": start, "end_time": start + 0.001,
    })
}

/// Sends the documents one after the other and waits for each.
async fn send_all(documents: &[Value]) -> XrayDaemon {
    let daemon = daemon().await;
    for (at, document) in documents.iter().enumerate() {
        send_document(daemon.address(), document).await;
        let sent = at as u64 + 1;
        daemon.wait_for(TIMEOUT, |store| (store.document_count() == sent).then_some(())).await.unwrap();
    }
    daemon
}

#[tokio::test]
async fn a_finished_document_overwrites_the_one_in_progress() {
    let daemon = send_all(&[in_progress(ROOT), document(ROOT)]).await;
    daemon.with_store(|store| {
        assert_eq!((store.overwritten(), store.unexpected_duplicates()), (1, 0));
        let current = store.documents_of(TRACE.parse().unwrap());
        assert_eq!((current.len(), current[0].is_in_progress), (1, false));
        assert_eq!(store.documents().count(), 2, "both are stored");
        assert_eq!(violations(store), Vec::<&str>::new());
    });
}

#[tokio::test]
async fn a_document_in_progress_is_sent_once_and_before_the_finished_one() {
    assert_eq!(
        send_all(&[in_progress(ROOT), in_progress(ROOT)]).await.with_store(violations),
        ["in-progress-duplicate"]
    );
    let late = send_all(&[document(ROOT), in_progress(ROOT)]).await;
    assert_eq!(late.with_store(violations), ["in-progress-after-end"]);
    assert_eq!(late.with_store(|store| store.unexpected_duplicates()), 1);
}

#[tokio::test]
async fn a_finished_document_is_not_overwritten() {
    let daemon = send_all(&[document(ROOT), document(ROOT)]).await;
    assert_eq!(daemon.with_store(violations), ["document-duplicate"]);
    assert_eq!(daemon.with_store(|store| store.unexpected_duplicates()), 1);
}

#[tokio::test]
async fn a_nested_subsegment_is_not_also_sent_as_its_own_document() {
    let daemon = send_all(&[document(ROOT), independent("5555666677778888", ROOT, 1_790_000_000.0)]).await;
    assert_eq!(daemon.with_store(violations), ["id-duplicate"]);
}

#[tokio::test]
async fn independent_subsegments_are_children_of_their_parents_sorted_by_time() {
    let [late, early, deep] = ["000000000000000b", "000000000000000a", "000000000000000c"];
    let documents = [
        independent(deep, early, 1_790_000_000.126),
        independent(late, ROOT, 1_790_000_000.13),
        document(ROOT),
        independent(early, ROOT, 1_790_000_000.123_5),
    ];
    let tree = send_all(&documents).await.with_store(|store| store.tree(TRACE.parse().unwrap()));
    assert_eq!(tree.len(), 1);
    let names: Vec<_> = tree[0].walk().iter().map(|segment| segment.id.clone()).collect();
    assert_eq!(names, [ROOT, early, "5555666677778888", late, deep]);
    assert_eq!(tree[0].children[0].children[0].id, deep);
    assert!(tree[0].is_independent && !tree[0].children[1].is_independent);
}

#[tokio::test]
async fn a_cycle_of_parents_is_left_out_of_the_tree() {
    let [one, other] = ["000000000000000a", "000000000000000b"];
    let daemon = send_all(&[independent(one, other, 1_790_000_000.0), independent(other, one, 1_790_000_000.0)]).await;
    assert_eq!(daemon.with_store(|store| store.tree(TRACE.parse().unwrap()).len()), 0);
}

#[tokio::test]
async fn a_datagram_can_be_lost() {
    let daemon = daemon().await;
    daemon.faults().add(Plan::times(1, Fault::NoResponse { accept: false })).unwrap();
    send_document(daemon.address(), &document(ROOT)).await;
    send_document(daemon.address(), &document("2111222233334444")).await;
    daemon.wait_for(TIMEOUT, |store| (store.document_count() == 1).then_some(())).await.unwrap();
    assert_eq!(daemon.with_store(|store| store.documents().next().unwrap().id.clone()), "2111222233334444");
    assert_eq!(daemon.faults().injected_count(), 1);
}

#[tokio::test]
async fn a_daemon_supports_no_other_fault() {
    assert!(daemon().await.faults().inject_next(Fault::ServerError).is_err());
}
