//! Documents of one trace, merged; documents of one id, overwritten.

use crudder_fakes::{Fault, Plan, XrayDaemon};
use serde_json::{Value, json};

use super::{daemon, send_document, violations};
use crate::support::{PATIENCE, TRACE, document};

const ROOT: &str = "1111222233334444";

fn in_progress(id: &str) -> Value {
    let mut open = document(id);
    let fields = open.as_object_mut().unwrap();
    fields.remove("end_time");
    fields.remove("subsegments");
    fields.insert("in_progress".into(), true.into());
    open
}

fn alone(id: &str, parent: &str, start: f64) -> Value {
    json!({
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": id, "parent_id": parent, "type": "subsegment",
        "name": format!("step-{id}"), "start_time": start, "end_time": start + 0.001,
    })
}

/// Sends one after the other, and waits for each.
async fn take(documents: &[Value]) -> XrayDaemon {
    let daemon = daemon().await;
    for (at, document) in documents.iter().enumerate() {
        send_document(daemon.address(), document).await;
        let sent = at as u64 + 1;
        daemon.wait_for(PATIENCE, |store| (store.document_count() == sent).then_some(())).await.unwrap();
    }
    daemon
}

#[tokio::test]
async fn what_was_sent_in_progress_is_overwritten_by_the_finished_document() {
    let daemon = take(&[in_progress(ROOT), document(ROOT)]).await;
    daemon.with_store(|store| {
        assert_eq!((store.overwritten(), store.unexpected_duplicates()), (1, 0));
        let standing = store.documents_of(TRACE.parse().unwrap());
        assert_eq!((standing.len(), standing[0].is_in_progress), (1, false));
        assert_eq!(store.documents().count(), 2, "both are kept");
        assert_eq!(violations(store), Vec::<&str>::new());
    });
}

#[tokio::test]
async fn in_progress_is_sent_once_and_before_the_end() {
    assert_eq!(take(&[in_progress(ROOT), in_progress(ROOT)]).await.with_store(violations), ["in-progress-twice"]);
    let late = take(&[document(ROOT), in_progress(ROOT)]).await;
    assert_eq!(late.with_store(violations), ["in-progress-late"]);
    assert_eq!(late.with_store(|store| store.unexpected_duplicates()), 1);
}

#[tokio::test]
async fn a_finished_document_is_not_overwritten() {
    let daemon = take(&[document(ROOT), document(ROOT)]).await;
    assert_eq!(daemon.with_store(violations), ["document-twice"]);
    assert_eq!(daemon.with_store(|store| store.unexpected_duplicates()), 1);
}

#[tokio::test]
async fn a_nested_subsegment_is_not_sent_alone_as_well() {
    let daemon = take(&[document(ROOT), alone("5555666677778888", ROOT, 1_790_000_000.0)]).await;
    assert_eq!(daemon.with_store(violations), ["id-twice"]);
}

#[tokio::test]
async fn documents_that_were_sent_alone_hang_under_their_parents_by_time() {
    let [late, early, deep] = ["000000000000000b", "000000000000000a", "000000000000000c"];
    let documents = [
        alone(deep, early, 1_790_000_000.126),
        alone(late, ROOT, 1_790_000_000.13),
        document(ROOT),
        alone(early, ROOT, 1_790_000_000.123_5),
    ];
    let tree = take(&documents).await.with_store(|store| store.tree(TRACE.parse().unwrap()));
    assert_eq!(tree.len(), 1);
    let names: Vec<_> = tree[0].walk().iter().map(|segment| segment.id.clone()).collect();
    assert_eq!(names, [ROOT, early, "5555666677778888", late, deep]);
    assert_eq!(tree[0].children[0].children[0].id, deep);
    assert!(tree[0].is_independent && !tree[0].children[1].is_independent);
}

#[tokio::test]
async fn a_ring_of_parents_does_not_hang_the_tree() {
    let [one, other] = ["000000000000000a", "000000000000000b"];
    let daemon = take(&[alone(one, other, 1_790_000_000.0), alone(other, one, 1_790_000_000.0)]).await;
    assert_eq!(daemon.with_store(|store| store.tree(TRACE.parse().unwrap()).len()), 0);
}

#[tokio::test]
async fn a_datagram_can_be_lost_on_its_way() {
    let daemon = daemon().await;
    daemon.faults().add(Plan::times(1, Fault::NoResponse { accept: false })).unwrap();
    send_document(daemon.address(), &document(ROOT)).await;
    send_document(daemon.address(), &document("2111222233334444")).await;
    daemon.wait_for(PATIENCE, |store| (store.document_count() == 1).then_some(())).await.unwrap();
    assert_eq!(daemon.with_store(|store| store.documents().next().unwrap().id.clone()), "2111222233334444");
    assert_eq!(daemon.faults().injected_count(), 1);
}

#[tokio::test]
async fn a_daemon_answers_nothing_so_it_has_no_other_fault() {
    assert!(daemon().await.faults().inject_next(Fault::ServerError).is_err());
}
