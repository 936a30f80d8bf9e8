//! Replies: they are counted exactly and listed newest first.

use crudder_domain::ActivityId;
use futures::future::join_all;
use futures::stream::{self, StreamExt};

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

contracts! {
    async fn a_reply_is_counted_wherever_its_parent_is_shown(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let parent = post(&store, &picard, "Engage", "1-day", now).await;
        let child = reply(&store, &worf, parent.uuid, "No honor!", later(now, 1)).await;
        assert_eq!((child.reply_to_activity_uuid, child.expires_at), (Some(parent.uuid), None));

        let now = later(now, 2);
        let page = store.show_activity(parent.uuid, first(40), now).await.unwrap().content;
        assert_eq!((page.activity.replies_count, page.replies), (1, vec![child.clone()]));
        let home = store.home(first(40), now).await.unwrap().content;
        assert_eq!(home.iter().map(|shown| (shown.uuid, shown.replies_count)).collect::<Vec<_>>(), [(parent.uuid, 1)]);
        let page = store.user_page(&picard.handle, first(40), now).await.unwrap().content;
        assert_eq!(page.activities[0].replies_count, 1);
        let page = store.user_page(&worf.handle, first(40), now).await.unwrap().content;
        assert_eq!((page.profile.cruds_count, page.activities), (1, vec![child]));
    }

    async fn a_hundred_concurrent_replies_are_all_counted(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let picard = person(&store, "picard").await;
        let parent = post(&store, &picard, "Engage", "1-day", now).await;
        let repliers = join_all((0..10).map(|number| newcomer(&format!("crew{number}"))).map(async |who| store.sign_up(&who).await.unwrap())).await;
        let replies = (0..100).map(|number| reply(&store, &repliers[number % 10], parent.uuid, "Aye", now));
        stream::iter(replies).buffer_unordered(table.max_writers).collect::<Vec<_>>().await;

        let page = store.show_activity(parent.uuid, first(100), now).await.unwrap().content;
        assert_eq!((page.activity.replies_count, page.replies.len()), (100, 100));
        assert_eq!(store.home(first(1), now).await.unwrap().content[0].replies_count, 100);
        for replier in &repliers {
            assert_eq!(store.user_by_sub(&replier.sub).await.unwrap().cruds_count, 10);
        }
    }

    async fn replies_are_paginated_newest_first(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let parent = post(&store, &worf, "Qapla", "1-day", now).await;
        for number in 1..=7 {
            reply(&store, &worf, parent.uuid, &number.to_string(), later(now, number)).await;
        }
        let (mut seen, mut request) = (Vec::new(), Some(first(3)));
        while let Some(wanted) = request {
            let page = store.show_activity(parent.uuid, wanted, later(now, 9)).await.unwrap();
            request = page.next.map(|before| crudder_domain::PageRequest { before: Some(before), ..first(3) });
            seen.extend(page.content.replies.iter().map(|reply| reply.message.as_str().to_owned()));
        }
        assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1"]);
    }

    async fn a_reply_can_be_replied_to(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let parent = post(&store, &worf, "one", "1-day", now).await;
        let child = reply(&store, &worf, parent.uuid, "two", now).await;
        let grandchild = reply(&store, &worf, child.uuid, "three", now).await;
        let page = store.show_activity(child.uuid, first(40), now).await.unwrap().content;
        assert_eq!((page.activity.replies_count, page.replies), (1, vec![grandchild]));
        let home = store.home(first(40), now).await.unwrap().content;
        assert_eq!(texts(&home), ["one"], "home lists posts, not replies");
    }

    async fn a_missing_or_expired_activity_cannot_be_replied_to(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let parent = post(&store, &worf, "short-lived", "1-hour", now).await;
        let ended = later(now, 3_600);
        assert!(is_not_found(&try_reply(&store, &worf.sub, parent.uuid, "late", ended).await));
        assert!(is_not_found(&try_reply(&store, &worf.sub, ActivityId::at(now), "to nothing", now).await));
        assert_eq!(store.user_by_sub(&worf.sub).await.unwrap().cruds_count, 1, "a refused reply counts nowhere");
    }
}
