//! Pagination: nothing is missed and nothing is repeated while posts are added and expire.

use std::collections::BTreeSet;

use crudder_domain::{Cursor, Invalid, MessageId, PageRequest, Timestamp};
use proptest::prelude::*;

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

contracts! {
    async fn a_cursor_of_another_list_is_refused(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let foreign = PageRequest { before: Some(Cursor::Message(MessageId::at(now))), ..first(40) };
        assert_eq!(invalid(store.home(foreign, now).await), Some(Invalid::BeforeInvalid));
        assert_eq!(invalid(store.user_page(&worf.handle, foreign, now).await), Some(Invalid::BeforeInvalid));
        assert_eq!(invalid(store.notifications(&worf.sub, foreign, now).await), Some(Invalid::BeforeInvalid));
        assert_eq!(invalid(store.message_groups(&worf.sub, foreign).await), Some(Invalid::BeforeInvalid));
    }

    async fn a_cursor_at_either_end_of_time_finds_nothing_or_everything(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let written = post(&store, &worf, "one", "1-day", now).await;
        let from = |timestamp| PageRequest { before: Some(Cursor::Activity(crudder_domain::ActivityId::first_at(timestamp))), ..first(40) };
        assert_eq!(store.home(from(Timestamp::from_micros(0)), now).await.unwrap().content, []);
        assert_eq!(store.home(from(Timestamp::MAX), now).await.unwrap().content, [written]);
    }

    async fn home_pages_continue_across_the_end_of_a_bucket(table: &TestTable) {
        let store = table.store().await;
        let worf = person(&store, "worf").await;
        let begin = end_of_bucket().saturating_sub(std::time::Duration::from_secs(10));
        for second in 0..20 {
            post(&store, &worf, &second.to_string(), "1-day", later(begin, second)).await;
        }
        let expected: Vec<String> = (0..20).rev().map(|second| second.to_string()).collect();
        for limit in [1, 7, 40] {
            assert_eq!(texts(&all_of_home(&store, limit, later(begin, 30)).await), expected, "pages of {limit}");
        }
    }

    async fn new_posts_do_not_shift_the_next_page(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for second in 0..30 {
            post(&store, &worf, &second.to_string(), "1-day", later(now, second)).await;
        }
        let page = store.home(first(10), later(now, 30)).await.unwrap();
        for second in 30..60 {
            post(&store, &worf, &second.to_string(), "1-day", later(now, second)).await;
        }
        let rest = store.home(after(10, &page).unwrap(), later(now, 60)).await.unwrap();
        assert_eq!(texts(&page.content), (20..30).rev().map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(texts(&rest.content), (10..20).rev().map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

/// Returns when the current bucket of posts ends. Buckets are as long as the longest-lived post.
fn end_of_bucket() -> Timestamp {
    let length = crudder_domain::Ttl::LONGEST.as_micros() as u64;
    Timestamp::from_micros((now().micros() / length + 1) * length)
}

/// An event between two pages.
#[derive(Clone, Debug)]
enum Event {
    Posts { ttl: &'static str, shards: usize },
    TimePasses { minutes: u64 },
}

fn events() -> impl Strategy<Value = Event> {
    let ttl = prop::sample::select(vec!["1-hour", "3-hours", "12-hours", "30-days"]);
    let shards = prop::sample::select(vec![1_usize, 2, 5]);
    prop_oneof![
        4 => (ttl, shards).prop_map(|(ttl, shards)| Event::Posts { ttl, shards }),
        1 => (1_u64..90).prop_map(|minutes| Event::TimePasses { minutes }),
    ]
}

proptest! {
    // Each case creates a table and sends it some hundred requests.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_home_miss_nothing_and_repeat_nothing_while_posts_are_added_and_expire(
        before in prop::collection::vec(events(), 0..50),
        during in prop::collection::vec(events(), 0..20),
        limit in 1_usize..12,
        ahead in 0_u64..300,
        // A table with faults is slow: one case in six is enough in addition to the contracts
        // above.
        with_faults in prop::bool::weighted(0.17),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Shortly before the end of a bucket, so that many cases span two buckets.
        let begin = end_of_bucket().saturating_sub(std::time::Duration::from_secs(ahead * 60));
        runtime.block_on(page_while(before, during, limit, begin, with_faults));
    }
}

async fn page_while(before: Vec<Event>, during: Vec<Event>, limit: usize, begin: Timestamp, with_faults: bool) {
    let table = if with_faults { TestTable::with_faults().await } else { TestTable::without_faults().await };
    let store = table.store_with_shards(2).await;
    let worf = person(&store, "worf").await;
    let mut now = begin;
    let mut written = Vec::new();
    for event in before {
        now = apply(&table, &worf, event, now, &mut written).await;
    }
    let begun = now;
    let (mut seen, mut request, mut during) = (Vec::new(), Some(first(limit)), during.into_iter());
    while let Some(wanted) = request {
        let page = store.home(wanted, now).await.unwrap();
        for activity in &page.content {
            assert!(activity.is_live(now), "shown after it expired: {activity:?}");
        }
        request = after(limit, &page);
        seen.extend(page.content.iter().map(|activity| activity.uuid));
        if let Some(event) = during.next() {
            now = apply(&table, &worf, event, now, &mut Vec::new()).await;
        }
    }
    let distinct: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "repeated: {seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "out of order: {seen:?}");
    for activity in written.iter().filter(|activity| activity.is_live(begun) && activity.is_live(now)) {
        assert!(distinct.contains(&activity.uuid), "missed: {activity:?}");
    }
}

async fn apply(
    table: &TestTable,
    author: &crudder_domain::User,
    event: Event,
    now: Timestamp,
    written: &mut Vec<crudder_domain::Activity>,
) -> Timestamp {
    match event {
        Event::Posts { ttl, shards } => {
            let store = table.store_with_shards(shards).await;
            written.push(post(&store, author, "text", ttl, now).await);
            later(now, 1)
        }
        Event::TimePasses { minutes } => later(now, minutes * 60),
    }
}
