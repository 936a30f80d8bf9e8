//! Paging: nothing lost and nothing twice, while posts are added and expire.

use std::collections::BTreeSet;

use crudder_domain::{Cursor, Invalid, MessageId, PageRequest, Timestamp};
use proptest::prelude::*;

use crate::contracts;
use crate::place::Place;
use crate::sample::*;

contracts! {
    async fn a_cursor_of_another_list_is_refused(place: &Place) {
        let (store, now) = (place.store().await, now());
        let worf = person(&store, "worf").await;
        let foreign = PageRequest { before: Some(Cursor::Message(MessageId::at(now))), ..first(40) };
        assert_eq!(fault(store.home(foreign, now).await), Some(Invalid::BeforeInvalid));
        assert_eq!(fault(store.user_page(&worf.handle, foreign, now).await), Some(Invalid::BeforeInvalid));
        assert_eq!(fault(store.notifications(&worf.sub, foreign, now).await), Some(Invalid::BeforeInvalid));
        assert_eq!(fault(store.message_groups(&worf.sub, foreign).await), Some(Invalid::BeforeInvalid));
    }

    async fn a_cursor_from_far_away_finds_nothing_or_all(place: &Place) {
        let (store, now) = (place.store().await, now());
        let worf = person(&store, "worf").await;
        let written = post(&store, &worf, "one", "1-day", now).await;
        let from = |moment| PageRequest { before: Some(Cursor::Activity(crudder_domain::ActivityId::first_at(moment))), ..first(40) };
        assert_eq!(store.home(from(Timestamp::from_micros(0)), now).await.unwrap().content, []);
        assert_eq!(store.home(from(Timestamp::MAX), now).await.unwrap().content, [written]);
    }

    async fn home_reaches_over_the_end_of_a_bucket(place: &Place) {
        let store = place.store().await;
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

    async fn a_page_that_was_left_lying_goes_on_where_it_stopped(place: &Place) {
        let (store, now) = (place.store().await, now());
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

/// When the present bucket of posts ends: buckets are as long as the longest-lived post.
fn end_of_bucket() -> Timestamp {
    let length = crudder_domain::Ttl::LONGEST.as_micros() as u64;
    Timestamp::from_micros((now().micros() / length + 1) * length)
}

/// What happens between two pages.
#[derive(Clone, Debug)]
enum Happening {
    Posts { ttl: &'static str, shards: usize },
    TimePasses { minutes: u64 },
}

fn happenings() -> impl Strategy<Value = Happening> {
    let ttl = prop::sample::select(vec!["1-hour", "3-hours", "12-hours", "30-days"]);
    let shards = prop::sample::select(vec![1_usize, 2, 5]);
    prop_oneof![
        4 => (ttl, shards).prop_map(|(ttl, shards)| Happening::Posts { ttl, shards }),
        1 => (1_u64..90).prop_map(|minutes| Happening::TimePasses { minutes }),
    ]
}

proptest! {
    // Each case makes a table and some hundred requests of it.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_home_lose_nothing_and_repeat_nothing_while_posts_come_and_go(
        before in prop::collection::vec(happenings(), 0..50),
        during in prop::collection::vec(happenings(), 0..20),
        limit in 1_usize..12,
        ahead in 0_u64..300,
        // A hostile table makes one wait: one case in six is enough beside the contracts above.
        hostile in prop::bool::weighted(0.17),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Shortly before the end of a bucket, so that many cases reach over it.
        let begin = end_of_bucket().saturating_sub(std::time::Duration::from_secs(ahead * 60));
        runtime.block_on(page_while(before, during, limit, begin, hostile));
    }
}

async fn page_while(before: Vec<Happening>, during: Vec<Happening>, limit: usize, begin: Timestamp, hostile: bool) {
    let place = if hostile { Place::hostile().await } else { Place::calm().await };
    let store = place.store_with_shards(2).await;
    let worf = person(&store, "worf").await;
    let mut now = begin;
    let mut written = Vec::new();
    for happening in before {
        now = happen(&place, &worf, happening, now, &mut written).await;
    }
    let begun = now;
    let (mut seen, mut request, mut during) = (Vec::new(), Some(first(limit)), during.into_iter());
    while let Some(wanted) = request {
        let page = store.home(wanted, now).await.unwrap();
        for activity in &page.content {
            assert!(activity.is_live(now), "shown after its end: {activity:?}");
        }
        request = after(limit, &page);
        seen.extend(page.content.iter().map(|activity| activity.uuid));
        if let Some(happening) = during.next() {
            now = happen(&place, &worf, happening, now, &mut Vec::new()).await;
        }
    }
    let distinct: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "something twice: {seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "out of order: {seen:?}");
    for activity in written.iter().filter(|activity| activity.is_live(begun) && activity.is_live(now)) {
        assert!(distinct.contains(&activity.uuid), "lost: {activity:?}");
    }
}

async fn happen(
    place: &Place,
    author: &crudder_domain::User,
    happening: Happening,
    now: Timestamp,
    written: &mut Vec<crudder_domain::Activity>,
) -> Timestamp {
    match happening {
        Happening::Posts { ttl, shards } => {
            let store = place.store_with_shards(shards).await;
            written.push(post(&store, author, "text", ttl, now).await);
            later(now, 1)
        }
        Happening::TimePasses { minutes } => later(now, minutes * 60),
    }
}
