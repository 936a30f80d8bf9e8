//! Notifications: of replies and messages of other users, for thirty days.

use crudder_domain::{Notification, NotificationKind, PageRequest};

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

fn summary(notifications: &[Notification]) -> Vec<(NotificationKind, &str, &str)> {
    notifications.iter().map(|one| (one.kind, one.actor.handle.as_str(), one.activity.message.as_str())).collect()
}

contracts! {
    async fn replies_and_messages_of_others_are_listed_newest_first(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let parent = post(&store, &picard, "Engage", "1-day", now).await;
        let child = reply(&store, &worf, parent.uuid, "Aye", later(now, 1)).await;
        reply(&store, &picard, parent.uuid, "my own", later(now, 2)).await;
        let conversation = open_conversation(&store, &worf, "picard", "a word", later(now, 3)).await;

        let found = store.notifications(&picard.sub, first(40), later(now, 4)).await.unwrap().content;
        let expected = [(NotificationKind::Message, "worf", "a word"), (NotificationKind::Reply, "worf", "Aye")];
        assert_eq!(summary(&found), expected);
        assert_eq!((found[1].activity.clone(), found[1].actor.clone()), (child, worf.short()));
        assert_eq!(found[0].message_group_uuid, Some(conversation.message_group_uuid));
        assert_eq!(store.notifications(&worf.sub, first(40), now).await.unwrap().content, []);
    }

    async fn a_notification_is_kept_for_thirty_days(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        open_conversation(&store, &worf, "picard", "hello", now).await;
        let month = 30 * 24 * 60 * 60;
        assert_eq!(store.notifications(&picard.sub, first(40), later(now, month - 1)).await.unwrap().content.len(), 1);
        assert_eq!(store.notifications(&picard.sub, first(40), later(now, month)).await.unwrap().content, []);
    }

    async fn notifications_are_paginated(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let parent = post(&store, &picard, "Engage", "1-day", now).await;
        for number in 0..7_u64 {
            if number % 2 == 0 {
                reply(&store, &worf, parent.uuid, &number.to_string(), later(now, number)).await;
            } else {
                open_conversation(&store, &worf, "picard", &number.to_string(), later(now, number)).await;
            }
        }
        let (mut seen, mut request) = (String::new(), Some(first(2)));
        while let Some(wanted) = request {
            let page = store.notifications(&picard.sub, wanted, later(now, 9)).await.unwrap();
            request = page.next.map(|before| PageRequest { before: Some(before), ..first(2) });
            seen.extend(page.content.iter().map(|one| one.activity.message.as_str()));
        }
        assert_eq!(seen, "6543210");
    }
}
