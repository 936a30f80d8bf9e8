//! Shards: their number may change at any time without hiding a post.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

contracts! {
    async fn posts_written_with_any_number_of_shards_are_found_with_any_other(table: &TestTable) {
        let now = now();
        let worf = person(&table.store().await, "worf").await;
        for (at, shards) in [1, 4, 64, 2, 1, 7].into_iter().enumerate() {
            let store = table.store_with_shards(shards).await;
            post(&store, &worf, &shards.to_string(), "1-day", later(now, at as u64)).await;
        }
        for shards in [1, 3, 64] {
            let store = table.store_with_shards(shards).await;
            assert_eq!(texts(&all_of_home(&store, 2, later(now, 9)).await), ["7", "1", "2", "64", "4", "1"]);
        }
    }

    async fn changing_the_number_of_shards_while_users_post_hides_nothing(table: &TestTable) {
        let now = now();
        let worf = person(&table.store().await, "worf").await;
        // All at once, with different numbers of shards: the first ones race for the directory's
        // entry.
        let written = join_all((0..40_u64).map(|number| {
            let worf = &worf;
            async move {
                let store = table.store_with_shards([1, 2, 4, 8][number as usize % 4]).await;
                post(&store, worf, "text", "1-day", later(now, number)).await.uuid
            }
        }))
        .await;
        for shards in [1, 8] {
            let store = table.store_with_shards(shards).await;
            let seen: Vec<_> = all_of_home(&store, 9, later(now, 60)).await.iter().map(|activity| activity.uuid).collect();
            assert_eq!(seen.len(), 40);
            assert_eq!(seen.iter().collect::<BTreeSet<_>>(), written.iter().collect());
        }
    }

    async fn a_cached_home_page_leaves_out_expired_posts(table: &TestTable) {
        let now = now();
        let config = crudder_store::StoreConfig { home_cache: std::time::Duration::from_secs(3_600), ..table.config() };
        let store = crudder_store::Store::connect(&config).await;
        let worf = person(&store, "worf").await;
        post(&store, &worf, "lives", "1-day", now).await;
        post(&store, &worf, "ends", "1-hour", later(now, 1)).await;
        assert_eq!(texts(&store.home(first(40), later(now, 2)).await.unwrap().content), ["ends", "lives"]);
        post(&store, &worf, "unseen", "1-day", later(now, 3)).await;
        assert_eq!(texts(&store.home(first(40), later(now, 3_601)).await.unwrap().content), ["lives"]);
        assert_eq!(texts(&store.home(first(39), later(now, 4)).await.unwrap().content), ["unseen", "ends", "lives"]);
    }
}
