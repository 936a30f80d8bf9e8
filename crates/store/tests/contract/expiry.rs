//! Expiry: nothing shows a post after its end, even if the table has not deleted it yet.

use crudder_domain::{Activity, Handle, SearchTerms, Timestamp};
use crudder_store::Store;

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

/// Returns which of home, its author's page, search and its own page show a post.
async fn shown_by(store: &Store, post: &Activity, author: &Handle, now: Timestamp) -> [bool; 4] {
    let contains = |found: &[Activity]| found.iter().any(|activity| activity.uuid == post.uuid);
    let terms = SearchTerms::parse(Some(post.message.as_str())).unwrap();
    let own = store.show_activity(post.uuid, first(40), now).await;
    [
        contains(&all_of_home(store, 40, now).await),
        contains(&store.user_page(author, first(100), now).await.unwrap().content.activities),
        contains(&store.search(&terms, first(100), now).await.unwrap().content),
        own.is_ok_and(|page| page.content.activity.uuid == post.uuid),
    ]
}

contracts! {
    async fn a_post_of_each_lifetime_expires_exactly_at_its_end(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for ttl in crudder_domain::Ttl::ALL {
            let written = post(&store, &worf, "mortal", ttl.as_str(), now).await;
            let end = now.saturating_add(ttl.duration());
            let last = Timestamp::from_micros(end.micros() - 1);
            assert_eq!(shown_by(&store, &written, &worf.handle, last).await, [true; 4], "{ttl:?}");
            assert_eq!(shown_by(&store, &written, &worf.handle, end).await, [false; 4], "{ttl:?}");
        }
    }

    async fn live_posts_are_found_behind_many_expired_ones(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for number in 0..5 {
            post(&store, &worf, "lives", "30-days", later(now, number)).await;
        }
        for number in 0..70 {
            post(&store, &worf, "ends", "1-hour", later(now, 10 + number)).await;
        }
        let home = store.home(first(40), later(now, 7_200)).await.unwrap();
        assert_eq!(texts(&home.content), ["lives"; 5], "on the first page, although nothing was deleted");
    }
}

/// The embedded table deletes expired items by its own clock, which this test sets.
mod deletion {
    use super::*;
    use crudder_store::Access;
    use dynoxide::Database;
    use dynoxide::storage_backend::Clock;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::net::TcpListener;

    struct ManualClock(AtomicU64);

    impl Clock for ManualClock {
        fn now_unix_secs(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn now_unix_secs_f64(&self) -> f64 {
            self.now_unix_secs() as f64
        }
    }

    #[tokio::test]
    async fn the_table_deletes_only_expired_items() {
        let now = now();
        let clock = Arc::new(ManualClock(AtomicU64::new(now.seconds_rounded_up())));
        let database = Database::memory_with_clock(clock.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), std::future::pending()));
        let table = TestTable::create(Access::Local(address)).await;

        let store = table.store().await;
        let worf = person(&store, "worf").await;
        let short = post(&store, &worf, "short", "1-hour", now).await;
        let long = post(&store, &worf, "long", "7-days", now).await;
        let child = reply(&store, &worf, long.uuid, "kept", now).await;
        reply(&store, &worf, short.uuid, "goes with its parent's page", now).await;
        assert_eq!(database.sweep_ttl().unwrap(), 0, "nothing has expired");

        let now = later(now, 3_601);
        clock.0.store(now.seconds_rounded_up(), Ordering::SeqCst);
        // The post, its copy for home, its pointers under its author and under its one word, and
        // the pointer to its reply.
        assert_eq!(database.sweep_ttl().unwrap(), 5);
        assert_eq!(shown_by(&store, &short, &worf.handle, now).await, [false; 4]);
        assert_eq!(shown_by(&store, &long, &worf.handle, now).await, [true; 4]);
        let page = store.show_activity(long.uuid, first(40), now).await.unwrap().content;
        assert_eq!(page.replies, [child]);
        assert!(is_not_found(&try_reply(&store, &worf.sub, short.uuid, "late", now).await));
    }
}
