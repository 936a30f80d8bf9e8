//! Atomicity: a writer that is killed at any point leaves all of its write or nothing.

use crudder_domain::SearchTerms;

use crate::proxy::{Faults, Proxy};
use crate::sample::*;
use crate::test_table::TestTable;

/// The most steps that a writer takes before it is killed. A write needs far fewer.
const STEPS: usize = 60;

#[tokio::test]
async fn a_killed_writer_leaves_no_partial_post() {
    let table = TestTable::embedded().await;
    let (store, now) = (table.store().await, now());
    let worf = person(&store, "worf").await;
    let mut finished = 0;
    for steps in 0..STEPS {
        let (killed, sub) = (table.store().await, worf.sub.clone());
        let text = format!("writer{steps}");
        let writer = tokio::spawn(async move { try_post(&killed, &sub, &text, "1-day", now).await.map(drop) });
        finished += usize::from(kill_after(writer, steps).await);
    }
    assert!((1..STEPS).contains(&finished), "some writers are killed and some are not: {finished} of {STEPS} finished");

    let found = all_of_home(&store, 100, now).await;
    assert_eq!(store.user_by_sub(&worf.sub).await.unwrap().cruds_count, found.len() as u64);
    let page = store.user_page(&worf.handle, first(100), now).await.unwrap().content;
    assert_eq!(page.activities, found);
    for steps in 0..STEPS {
        let text = format!("writer{steps}");
        let terms = SearchTerms::parse(Some(&text)).unwrap();
        let searched = store.search(&terms, first(40), now).await.unwrap().content;
        assert_eq!(searched, found.iter().filter(|post| post.message.as_str() == text).cloned().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_no_partial_reply() {
    let table = TestTable::embedded().await;
    let (store, now) = (table.store().await, now());
    let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
    let parent = post(&store, &picard, "Engage", "1-day", now).await;
    for steps in 0..STEPS {
        let (killed, sub, parent) = (table.store().await, worf.sub.clone(), parent.uuid);
        let writer = tokio::spawn(async move { try_reply(&killed, &sub, parent, "Aye", now).await.map(drop) });
        kill_after(writer, steps).await;
    }
    let shown = store.show_activity(parent.uuid, first(100), now).await.unwrap().content;
    let count = shown.replies.len() as u64;
    assert!(count > 0);
    assert_eq!(shown.activity.replies_count, count);
    assert_eq!(store.home(first(40), now).await.unwrap().content[0].replies_count, count);
    assert_eq!(store.user_by_sub(&worf.sub).await.unwrap().cruds_count, count);
    assert_eq!(store.notifications(&picard.sub, first(100), now).await.unwrap().content.len() as u64, count);
}

#[tokio::test]
async fn a_write_with_a_lost_response_is_executed_once() {
    let table = TestTable::embedded().await;
    let direct = table.store().await;
    let faults = Faults { lost_responses: 60, ..Faults::default() };
    let store = table.through(&Proxy::start(table.endpoint(), faults).await.address).store().await;
    let now = now();
    let worf = person(&store, "worf").await;
    let parent = post(&store, &worf, "Engage", "1-day", now).await;
    for _ in 0..10 {
        reply(&store, &worf, parent.uuid, "Aye", now).await;
    }
    let shown = direct.show_activity(parent.uuid, first(100), now).await.unwrap().content;
    assert_eq!((shown.activity.replies_count, shown.replies.len()), (10, 10));
    assert_eq!(direct.user_by_sub(&worf.sub).await.unwrap().cruds_count, 11);
}

#[tokio::test]
async fn a_table_that_stays_busy_is_reported_as_busy() {
    let table = TestTable::embedded().await;
    let now = now();
    let worf = person(&table.store().await, "worf").await;
    let faults = Faults { conflicts: 100, ..Faults::default() };
    let store = table.through(&Proxy::start(table.endpoint(), faults).await.address).store_with_short_retries().await;
    let result = try_post(&store, &worf.sub, "never", "1-day", now).await;
    assert!(matches!(result, Err(crudder_store::Error::Busy { .. })), "{result:?}");
    assert_eq!(table.store().await.home(first(40), now).await.unwrap().content, []);
}

/// Kills a writer after this many steps. Returns whether it had finished.
async fn kill_after(writer: tokio::task::JoinHandle<crudder_store::Result<()>>, steps: usize) -> bool {
    for _ in 0..steps {
        tokio::task::yield_now().await;
    }
    writer.abort();
    writer.await.is_ok()
}
