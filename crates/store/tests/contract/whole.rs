//! Wholeness: a writer that dies at any moment leaves all of its write, or nothing of it.

use crudder_domain::SearchTerms;

use crate::place::Place;
use crate::proxy::{Mood, Proxy};
use crate::sample::*;

/// How far writers get at most: by then each has long been answered.
const STEPS: usize = 60;

#[tokio::test]
async fn a_writer_that_dies_leaves_no_half_of_a_post() {
    let place = Place::embedded().await;
    let (store, now) = (place.store().await, now());
    let worf = person(&store, "worf").await;
    let mut finished = 0;
    for steps in 0..STEPS {
        let (dying, sub) = (place.store().await, worf.sub.clone());
        let text = format!("writer{steps}");
        let writer = tokio::spawn(async move { try_post(&dying, &sub, &text, "1-day", now).await.map(drop) });
        finished += usize::from(die_after(writer, steps).await);
    }
    assert!((1..STEPS).contains(&finished), "some die and some do not: {finished} of {STEPS} finished");

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
async fn a_writer_that_dies_leaves_no_half_of_a_reply() {
    let place = Place::embedded().await;
    let (store, now) = (place.store().await, now());
    let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
    let parent = post(&store, &picard, "Engage", "1-day", now).await;
    for steps in 0..STEPS {
        let (dying, sub, parent) = (place.store().await, worf.sub.clone(), parent.uuid);
        let writer = tokio::spawn(async move { try_reply(&dying, &sub, parent, "Aye", now).await.map(drop) });
        die_after(writer, steps).await;
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
async fn a_write_whose_answer_is_lost_is_done_once() {
    let place = Place::embedded().await;
    let calm = place.store().await;
    let mood = Mood { lost_answers: 60, ..Mood::default() };
    let store = place.seen_from(&Proxy::start(place.address(), mood).await.address).store().await;
    let now = now();
    let worf = person(&store, "worf").await;
    let parent = post(&store, &worf, "Engage", "1-day", now).await;
    for _ in 0..10 {
        reply(&store, &worf, parent.uuid, "Aye", now).await;
    }
    let shown = calm.show_activity(parent.uuid, first(100), now).await.unwrap().content;
    assert_eq!((shown.activity.replies_count, shown.replies.len()), (10, 10));
    assert_eq!(calm.user_by_sub(&worf.sub).await.unwrap().cruds_count, 11);
}

#[tokio::test]
async fn a_table_that_stays_busy_is_told_as_busy() {
    let place = Place::embedded().await;
    let now = now();
    let worf = person(&place.store().await, "worf").await;
    let mood = Mood { conflicts: 100, ..Mood::default() };
    let store = place.seen_from(&Proxy::start(place.address(), mood).await.address).impatient_store().await;
    let answer = try_post(&store, &worf.sub, "never", "1-day", now).await;
    assert!(matches!(answer, Err(crudder_store::Error::Busy { .. })), "{answer:?}");
    assert_eq!(place.store().await.home(first(40), now).await.unwrap().content, []);
}

/// Lets a writer take so many steps and ends it there, wherever that is; whether it was done.
async fn die_after(writer: tokio::task::JoinHandle<crudder_store::Result<()>>, steps: usize) -> bool {
    for _ in 0..steps {
        tokio::task::yield_now().await;
    }
    writer.abort();
    writer.await.is_ok()
}
