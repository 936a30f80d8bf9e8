//! Costs: each call stays within its line of docs/store.md, at every size of the table.

use crudder_domain::{ProfileDraft, SearchTerms, User};
use crudder_store::Store;
use serde_json::json;

use crate::gauge::{Cost, cost, measured};
use crate::place::Place;
use crate::sample::*;

#[tokio::test]
async fn print_costs() {
    let place = Place::embedded().await;
    for (name, cost) in costs(&place, 100).await {
        println!("| {name} | {cost:?}");
    }
}

/// What each call costs on a table of so many posts.
async fn costs(place: &Place, posts: u64) -> Vec<(&'static str, Cost)> {
    let (store, now) = (place.store().await, now());
    let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
    let text = |number: u64| format!("Cloud number {number} is fun to look at, said the tenth word");
    for number in 0..posts {
        post(&store, if number % 2 == 0 { &worf } else { &picard }, &text(number), "7-days", later(now, number)).await;
    }
    let now = later(now, posts);
    let parent = post(&store, &picard, &text(posts), "7-days", now).await.uuid;
    for number in 0..60 {
        reply(&store, &worf, parent, "A reply of some length, as they are", later(now, number)).await;
    }
    let started = start(&store, &worf, "picard", "A message of some length, as they are", now).await;
    for number in 0..60 {
        try_add(&store, &worf.sub, started, "A message of some length, as they are", later(now, number)).await.unwrap();
    }
    let now = later(now, 100);
    let mut all = Vec::new();
    macro_rules! measure {
        ($name:literal, $call:expr) => {{
            let (answer, steps) = measured($call).await;
            drop(answer.unwrap());
            all.push(($name, cost(&steps)));
        }};
    }
    let (one, two) = (SearchTerms::parse(Some("cloud")).unwrap(), SearchTerms::parse(Some("cloud fun")).unwrap());
    let group = started.message_group_uuid;
    measure!("home", store.home(first(40), now));
    measure!("user page", store.user_page(&worf.handle, first(40), now));
    measure!("activity page", store.show_activity(parent, first(40), now));
    measure!("search, one word", store.search(&one, first(40), now));
    measure!("search, two words", store.search(&two, first(40), now));
    measure!("notifications", store.notifications(&picard.sub, first(40), now));
    measure!("message groups", store.message_groups(&worf.sub, first(40)));
    measure!("messages", store.messages(&worf.sub, group, first(40)));
    measure!("user short", store.user_short(&worf.handle));
    measure!("post", try_post(&store, &worf.sub, &text(0), "7-days", now));
    measure!("reply", try_reply(&store, &worf.sub, parent, "A reply of some length, as they are", now));
    measure!("message", try_add(&store, &worf.sub, started, "A message of some length, as they are", now));
    measure!("open conversation", store.put_message(&letter(&picard, "worf", "A message of some length", now)));
    measure!("profile update", update(&store, &worf));
    measure!("sign-up", store.sign_up(&newcomer("riker")));
    all
}

async fn update(store: &Store, user: &User) -> crudder_store::Result<()> {
    let draft: ProfileDraft = serde_json::from_value(json!({ "display_name": "Worf", "bio": "Klingon" })).unwrap();
    store.update_profile(&user.sub, &draft.check().unwrap()).await.map(drop)
}
