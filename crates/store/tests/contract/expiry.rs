//! Expiry: a post is shown until its end, and then by nothing, whether or not the table has swept it.

use crudder_domain::{Activity, Handle, SearchTerms, Timestamp};
use crudder_store::Store;

use crate::contracts;
use crate::place::Place;
use crate::sample::*;

/// Which of home, its author's page, search and its own page show a post.
async fn shown_by(store: &Store, post: &Activity, author: &Handle, now: Timestamp) -> [bool; 4] {
    let holds = |found: &[Activity]| found.iter().any(|activity| activity.uuid == post.uuid);
    let terms = SearchTerms::parse(Some(post.message.as_str())).unwrap();
    let own = store.show_activity(post.uuid, first(40), now).await;
    [
        holds(&all_of_home(store, 40, now).await),
        holds(&store.user_page(author, first(100), now).await.unwrap().content.activities),
        holds(&store.search(&terms, first(100), now).await.unwrap().content),
        own.is_ok_and(|page| page.content.activity.uuid == post.uuid),
    ]
}

contracts! {
    async fn each_lifetime_ends_to_the_microsecond(place: &Place) {
        let (store, now) = (place.store().await, now());
        let worf = person(&store, "worf").await;
        for ttl in crudder_domain::Ttl::ALL {
            let written = post(&store, &worf, "mortal", ttl.as_str(), now).await;
            let end = now.saturating_add(ttl.duration());
            let last = Timestamp::from_micros(end.micros() - 1);
            assert_eq!(shown_by(&store, &written, &worf.handle, last).await, [true; 4], "{ttl:?}");
            assert_eq!(shown_by(&store, &written, &worf.handle, end).await, [false; 4], "{ttl:?}");
        }
    }

    async fn posts_that_live_are_found_behind_many_that_ended(place: &Place) {
        let (store, now) = (place.store().await, now());
        let worf = person(&store, "worf").await;
        for number in 0..5 {
            post(&store, &worf, "lives", "30-days", later(now, number)).await;
        }
        for number in 0..70 {
            post(&store, &worf, "ends", "1-hour", later(now, 10 + number)).await;
        }
        let home = store.home(first(40), later(now, 7_200)).await.unwrap();
        assert_eq!(texts(&home.content), ["lives"; 5], "in the first page, although nothing was swept");
    }
}

/// The embedded table sweeps by its own clock, which this test holds.
mod swept {
    use super::*;
    use crudder_store::Access;
    use dynoxide::Database;
    use dynoxide::storage_backend::Clock;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::net::TcpListener;

    struct Held(AtomicU64);

    impl Clock for Held {
        fn now_unix_secs(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn now_unix_secs_f64(&self) -> f64 {
            self.now_unix_secs() as f64
        }
    }

    #[tokio::test]
    async fn a_sweep_takes_what_has_ended_and_nothing_else() {
        let now = now();
        let clock = Arc::new(Held(AtomicU64::new(now.seconds_rounded_up())));
        let database = Database::memory_with_clock(clock.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), std::future::pending()));
        let place = Place::at(Access::Local(address)).await;

        let store = place.store().await;
        let worf = person(&store, "worf").await;
        let short = post(&store, &worf, "short", "1-hour", now).await;
        let long = post(&store, &worf, "long", "7-days", now).await;
        let answer = reply(&store, &worf, long.uuid, "kept", now).await;
        reply(&store, &worf, short.uuid, "goes with its parent's page", now).await;
        assert_eq!(database.sweep_ttl().unwrap(), 0, "nothing has ended");

        let now = later(now, 3_601);
        clock.0.store(now.seconds_rounded_up(), Ordering::SeqCst);
        // The post, its copy for home, its places on the author's page and under its one word, and the pointer to its reply.
        assert_eq!(database.sweep_ttl().unwrap(), 5);
        assert_eq!(shown_by(&store, &short, &worf.handle, now).await, [false; 4]);
        assert_eq!(shown_by(&store, &long, &worf.handle, now).await, [true; 4]);
        let page = store.show_activity(long.uuid, first(40), now).await.unwrap().content;
        assert_eq!(page.replies, [answer]);
        assert!(is_missing(&try_reply(&store, &worf.sub, short.uuid, "late", now).await));
    }
}
