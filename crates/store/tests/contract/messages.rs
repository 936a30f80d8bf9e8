//! Conversations: one for each two users, in order, and closed to others.

use crudder_domain::{GroupId, Invalid, NewConversation, PageRequest};
use crudder_store::Error;
use uuid::Uuid;

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

contracts! {
    async fn two_users_who_open_a_conversation_at_once_get_the_same_one(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let (one, other) = tokio::join!(
            open_conversation(&store, &worf, "picard", "Captain", now),
            open_conversation(&store, &picard, "Worf", "Mister Worf", now),
        );
        assert_eq!(one, other);
        for person in [&worf, &picard] {
            assert_eq!(store.message_groups(&person.sub, first(40)).await.unwrap().content.len(), 1);
            let messages = store.messages(&person.sub, one.message_group_uuid, first(40)).await.unwrap().content;
            assert_eq!(messages.len(), 2);
        }
    }

    async fn the_response_to_an_added_message_has_its_own_id_and_no_conversation_id(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, _) = (person(&store, "worf").await, person(&store, "picard").await);
        let conversation = open_conversation(&store, &worf, "picard", "one", now).await;
        let added = try_send(&store, &worf.sub, conversation, "two", later(now, 1)).await.unwrap();
        let shown = serde_json::to_value(&added).unwrap();
        assert_eq!((&shown["message"], &shown["handle"]), (&"two".into(), &"worf".into()));
        assert!(shown.get("message_group_uuid").is_none());
        let messages = store.messages(&worf.sub, conversation.message_group_uuid, first(40)).await.unwrap().content;
        assert_eq!(messages[1], added);
    }

    async fn only_members_can_read_and_write_a_conversation(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, _, q) = (person(&store, "worf").await, person(&store, "picard").await, person(&store, "q").await);
        let conversation = open_conversation(&store, &worf, "picard", "secret", now).await;
        let read = store.messages(&q.sub, conversation.message_group_uuid, first(40)).await;
        assert!(matches!(read, Err(Error::Forbidden)), "{read:?}");
        let write = try_send(&store, &q.sub, conversation, "hello", now).await;
        assert!(matches!(write, Err(Error::Forbidden)), "{write:?}");
        // A conversation that does not exist gets the same error as one of others.
        let nothing = GroupId::from(Uuid::new_v4());
        let read = store.messages(&worf.sub, nothing, first(40)).await;
        assert!(matches!(read, Err(Error::Forbidden)), "{read:?}");
        let write = try_send(&store, &worf.sub, NewConversation { message_group_uuid: nothing }, "x", now).await;
        assert!(matches!(write, Err(Error::Forbidden)), "{write:?}");
    }

    async fn an_unknown_receiver_and_the_sender_are_refused_as_receivers(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for to in ["nobody", "Worf"] {
            let result = store.put_message(&message_to(&worf, to, "hello", now)).await;
            assert_eq!(invalid(result), Some(Invalid::ReceiverBlank), "{to}");
        }
        assert_eq!(store.message_groups(&worf.sub, first(40)).await.unwrap().content, []);
    }

    async fn the_last_message_of_a_conversation_is_its_newest(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let conversation = open_conversation(&store, &worf, "picard", "first", now).await;
        try_send(&store, &worf.sub, conversation, "newest", later(now, 9)).await.unwrap();
        // This message was written earlier but is stored later.
        try_send(&store, &picard.sub, conversation, "late", later(now, 5)).await.unwrap();
        for (person, other) in [(&worf, "picard"), (&picard, "worf")] {
            let group = store.message_groups(&person.sub, first(40)).await.unwrap().content.remove(0);
            assert_eq!((group.message.as_str(), group.handle.as_str()), ("newest", other));
            assert_eq!(group.created_at, later(now, 9));
            let messages = store.messages(&person.sub, conversation.message_group_uuid, first(40)).await.unwrap().content;
            let shown: Vec<_> = messages.iter().map(|message| message.message.as_str()).collect();
            assert_eq!(shown, ["first", "late", "newest"]);
        }
    }

    async fn conversations_are_listed_by_their_last_message(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        for (at, name) in ["picard", "riker", "data", "troi", "laforge"].into_iter().enumerate() {
            person(&store, name).await;
            open_conversation(&store, &worf, name, "hello", later(now, at as u64)).await;
        }
        open_conversation(&store, &worf, "picard", "again", later(now, 60)).await;
        let (mut seen, mut request) = (Vec::new(), Some(first(2)));
        while let Some(wanted) = request {
            let page = store.message_groups(&worf.sub, wanted).await.unwrap();
            request = page.next.map(|before| PageRequest { before: Some(before), ..first(2) });
            seen.extend(page.content.iter().map(|group| group.handle.as_str().to_owned()));
        }
        assert_eq!(seen, ["picard", "laforge", "troi", "data", "riker"]);
    }

    async fn the_pages_of_a_conversation_go_back_in_time(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, _) = (person(&store, "worf").await, person(&store, "picard").await);
        let conversation = open_conversation(&store, &worf, "picard", "1", now).await;
        for number in 2..=7 {
            try_send(&store, &worf.sub, conversation, &number.to_string(), later(now, number)).await.unwrap();
        }
        let (mut pages, mut request) = (Vec::new(), Some(first(3)));
        while let Some(wanted) = request {
            let page = store.messages(&worf.sub, conversation.message_group_uuid, wanted).await.unwrap();
            request = page.next.map(|before| PageRequest { before: Some(before), ..first(3) });
            pages.push(page.content.iter().map(|message| message.message.as_str().to_owned()).collect::<String>());
        }
        assert_eq!(pages, ["567", "234", "1"]);
    }

    async fn fifty_concurrent_messages_are_all_stored(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let conversation = open_conversation(&store, &worf, "picard", "0", now).await;
        let all = (1..=50_u64).map(|number| {
            let (store, sender) = (&store, if number % 2 == 0 { &worf } else { &picard });
            async move { try_send(store, &sender.sub, conversation, &number.to_string(), later(now, number)).await.unwrap() }
        });
        futures::future::join_all(all).await;
        let messages = store.messages(&worf.sub, conversation.message_group_uuid, first(100)).await.unwrap().content;
        assert_eq!(messages.len(), 51);
        let groups = store.message_groups(&picard.sub, first(40)).await.unwrap().content;
        assert_eq!(groups[0].message.as_str(), "50");
    }
}
