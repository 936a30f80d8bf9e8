//! Conversations: one for two people, in order, closed to others.

use crudder_domain::{GroupId, Invalid, NewConversation, PageRequest};
use crudder_store::Error;
use uuid::Uuid;

use crate::contracts;
use crate::place::Place;
use crate::sample::*;

contracts! {
    async fn two_who_open_a_conversation_at_once_get_one(place: &Place) {
        let (store, now) = (place.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let (one, other) = tokio::join!(
            start(&store, &worf, "picard", "Captain", now),
            start(&store, &picard, "Worf", "Mister Worf", now),
        );
        assert_eq!(one, other);
        for person in [&worf, &picard] {
            assert_eq!(store.message_groups(&person.sub, first(40)).await.unwrap().content.len(), 1);
            let messages = store.messages(&person.sub, one.message_group_uuid, first(40)).await.unwrap().content;
            assert_eq!(messages.len(), 2);
        }
    }

    async fn a_message_is_answered_with_its_own_id_and_without_the_conversations(place: &Place) {
        let (store, now) = (place.store().await, now());
        let (worf, _) = (person(&store, "worf").await, person(&store, "picard").await);
        let started = start(&store, &worf, "picard", "one", now).await;
        let added = try_add(&store, &worf.sub, started, "two", later(now, 1)).await.unwrap();
        let shown = serde_json::to_value(&added).unwrap();
        assert_eq!((&shown["message"], &shown["handle"]), (&"two".into(), &"worf".into()));
        assert!(shown.get("message_group_uuid").is_none());
        let messages = store.messages(&worf.sub, started.message_group_uuid, first(40)).await.unwrap().content;
        assert_eq!(messages[1], added);
    }

    async fn others_may_neither_read_nor_write(place: &Place) {
        let (store, now) = (place.store().await, now());
        let (worf, _, q) = (person(&store, "worf").await, person(&store, "picard").await, person(&store, "q").await);
        let started = start(&store, &worf, "picard", "secret", now).await;
        let read = store.messages(&q.sub, started.message_group_uuid, first(40)).await;
        assert!(matches!(read, Err(Error::Forbidden)), "{read:?}");
        let write = try_add(&store, &q.sub, started, "hello", now).await;
        assert!(matches!(write, Err(Error::Forbidden)), "{write:?}");
        // What is not there answers as what is others' does.
        let nothing = GroupId::from(Uuid::new_v4());
        let read = store.messages(&worf.sub, nothing, first(40)).await;
        assert!(matches!(read, Err(Error::Forbidden)), "{read:?}");
        let write = try_add(&store, &worf.sub, NewConversation { message_group_uuid: nothing }, "x", now).await;
        assert!(matches!(write, Err(Error::Forbidden)), "{write:?}");
    }

    async fn nobody_and_oneself_are_no_receivers(place: &Place) {
        let (store, now) = (place.store().await, now());
        let worf = person(&store, "worf").await;
        for to in ["nobody", "Worf"] {
            let answer = store.put_message(&letter(&worf, to, "hello", now)).await;
            assert_eq!(fault(answer), Some(Invalid::ReceiverBlank), "{to}");
        }
        assert_eq!(store.message_groups(&worf.sub, first(40)).await.unwrap().content, []);
    }

    async fn the_last_message_of_a_conversation_is_its_newest(place: &Place) {
        let (store, now) = (place.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let started = start(&store, &worf, "picard", "first", now).await;
        try_add(&store, &worf.sub, started, "newest", later(now, 9)).await.unwrap();
        // Written earlier, stored later.
        try_add(&store, &picard.sub, started, "late", later(now, 5)).await.unwrap();
        for (person, other) in [(&worf, "picard"), (&picard, "worf")] {
            let group = store.message_groups(&person.sub, first(40)).await.unwrap().content.remove(0);
            assert_eq!((group.message.as_str(), group.handle.as_str()), ("newest", other));
            assert_eq!(group.created_at, later(now, 9));
            let messages = store.messages(&person.sub, started.message_group_uuid, first(40)).await.unwrap().content;
            let shown: Vec<_> = messages.iter().map(|message| message.message.as_str()).collect();
            assert_eq!(shown, ["first", "late", "newest"]);
        }
    }

    async fn conversations_are_listed_by_their_last_message(place: &Place) {
        let (store, now) = (place.store().await, now());
        let worf = person(&store, "worf").await;
        for (at, name) in ["picard", "riker", "data", "troi", "laforge"].into_iter().enumerate() {
            person(&store, name).await;
            start(&store, &worf, name, "hello", later(now, at as u64)).await;
        }
        start(&store, &worf, "picard", "again", later(now, 60)).await;
        let (mut seen, mut request) = (Vec::new(), Some(first(2)));
        while let Some(wanted) = request {
            let page = store.message_groups(&worf.sub, wanted).await.unwrap();
            request = page.next.map(|before| PageRequest { before: Some(before), ..first(2) });
            seen.extend(page.content.iter().map(|group| group.handle.as_str().to_owned()));
        }
        assert_eq!(seen, ["picard", "laforge", "troi", "data", "riker"]);
    }

    async fn a_conversation_is_read_backwards_by_pages(place: &Place) {
        let (store, now) = (place.store().await, now());
        let (worf, _) = (person(&store, "worf").await, person(&store, "picard").await);
        let started = start(&store, &worf, "picard", "1", now).await;
        for number in 2..=7 {
            try_add(&store, &worf.sub, started, &number.to_string(), later(now, number)).await.unwrap();
        }
        let (mut pages, mut request) = (Vec::new(), Some(first(3)));
        while let Some(wanted) = request {
            let page = store.messages(&worf.sub, started.message_group_uuid, wanted).await.unwrap();
            request = page.next.map(|before| PageRequest { before: Some(before), ..first(3) });
            pages.push(page.content.iter().map(|message| message.message.as_str().to_owned()).collect::<String>());
        }
        assert_eq!(pages, ["567", "234", "1"]);
    }

    async fn fifty_messages_at_once_all_arrive(place: &Place) {
        let (store, now) = (place.store().await, now());
        let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
        let started = start(&store, &worf, "picard", "0", now).await;
        let all = (1..=50_u64).map(|number| {
            let (store, sender) = (&store, if number % 2 == 0 { &worf } else { &picard });
            async move { try_add(store, &sender.sub, started, &number.to_string(), later(now, number)).await.unwrap() }
        });
        futures::future::join_all(all).await;
        let messages = store.messages(&worf.sub, started.message_group_uuid, first(100)).await.unwrap().content;
        assert_eq!(messages.len(), 51);
        let groups = store.message_groups(&picard.sub, first(40)).await.unwrap().content;
        assert_eq!(groups[0].message.as_str(), "50");
    }
}
