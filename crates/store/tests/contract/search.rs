//! Search: it finds the posts that contain all words, and no others.

use crudder_domain::{Activity, SearchTerms, Timestamp};
use crudder_store::Store;

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

async fn found(store: &Store, query: &str, now: Timestamp) -> Vec<String> {
    let terms = SearchTerms::parse(Some(query)).unwrap();
    let page = store.search(&terms, first(40), now).await.unwrap();
    texts(&page.content).into_iter().map(str::to_owned).collect()
}

/// Reads all pages of a search.
async fn all(store: &Store, query: &str, limit: usize, now: Timestamp) -> Vec<Activity> {
    let terms = SearchTerms::parse(Some(query)).unwrap();
    let (mut seen, mut request) = (Vec::new(), Some(first(limit)));
    while let Some(wanted) = request {
        let page = store.search(&terms, wanted, now).await.unwrap();
        request = after(limit, &page);
        seen.extend(page.content);
    }
    seen
}

contracts! {
    async fn a_post_is_found_only_if_it_contains_all_words(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for (at, text) in ["Cloud is fun!", "The cloud rains", "Rain is no FUN"].into_iter().enumerate() {
            post(&store, &worf, text, "1-day", later(now, at as u64)).await;
        }
        let now = later(now, 9);
        assert_eq!(found(&store, "cloud", now).await, ["The cloud rains", "Cloud is fun!"]);
        assert_eq!(found(&store, "fun IS", now).await, ["Rain is no FUN", "Cloud is fun!"]);
        assert_eq!(found(&store, "cloud fun", now).await, ["Cloud is fun!"]);
        assert!(found(&store, "cloud snow", now).await.is_empty());
        assert!(found(&store, "clou", now).await.is_empty());
        assert!(found(&store, " ", now).await.is_empty());
    }

    async fn replies_are_not_found(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let parent = post(&store, &worf, "Cloud", "1-day", now).await;
        reply(&store, &worf, parent.uuid, "Cloud too", now).await;
        assert_eq!(found(&store, "cloud", now).await, ["Cloud"]);
    }

    async fn punctuation_and_other_scripts_are_found(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for text in ["!!!", "🦀🦀", "שלום עולם", "nul\0byte"] {
            post(&store, &worf, text, "1-day", now).await;
            assert_eq!(found(&store, text, now).await, [text]);
        }
    }

    async fn pages_of_a_search_miss_nothing_and_repeat_nothing(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for number in 0..60_u64 {
            let rare = if number % 7 == 0 { " seventh" } else { "" };
            post(&store, &worf, &format!("common {number}{rare}"), "1-day", later(now, number)).await;
        }
        let now = later(now, 99);
        let sevenths: Vec<String> = (0..60).rev().filter(|n| n % 7 == 0).map(|n| format!("common {n} seventh")).collect();
        assert_eq!(texts(&all(&store, "common seventh", 2, now).await), sevenths);
        assert_eq!(all(&store, "common", 7, now).await.len(), 60);
    }
}
