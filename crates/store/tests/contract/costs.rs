//! Costs: each call stays within its line of docs/store.md, at every size of the table.

use crudder_domain::{ProfileDraft, SearchTerms, User};
use crudder_store::Store;
use serde_json::json;

use crate::gauge::{Cost, cost, measured};
use crate::place::Place;
use crate::sample::*;

/// The page with the table of costs.
const PAGE: &str = include_str!("../../../../docs/store.md");

#[tokio::test]
async fn each_call_costs_what_its_line_says_on_a_table_of_two_hundred_posts() {
    assert_costs(200).await;
}

#[tokio::test]
async fn each_call_costs_the_same_on_a_table_of_two_thousand_posts() {
    assert_costs(2_000).await;
}

async fn assert_costs(posts: u64) {
    let measured: Vec<String> = costs(&Place::embedded().await, posts).await.into_iter().map(line).collect();
    let missing: Vec<&String> = measured.iter().filter(|line| !PAGE.contains(line.as_str())).collect();
    assert!(missing.is_empty(), "docs/store.md says otherwise of these: {missing:#?}");
}

/// A line of the table of costs.
fn line((name, cost): (&str, Cost)) -> String {
    let Cost { waves, requests, items_read, units_read, items_written, units_written } = cost;
    format!("| {name} | {waves} | {requests} | {items_read} | {units_read} | {items_written} | {units_written} |")
}

/// What each call costs on a table of so many posts.
async fn costs(place: &Place, posts: u64) -> Vec<(&'static str, Cost)> {
    let (store, now) = (place.store().await, now());
    let (worf, picard) = (person(&store, "worf").await, person(&store, "picard").await);
    let text = |number: u64| format!("Cloud number {number:06} is fun to look at, said the tenth word");
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
            assert!(answer.is_ok(), "{}: {answer:?}", $name);
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
    measure!(
        "open conversation",
        store.put_message(&letter(&picard, "worf", "A message of some length", later(now, 1)))
    );
    measure!("profile update", update(&store, &worf));
    measure!("sign-up", store.sign_up(&newcomer("riker")));
    all
}

async fn update(store: &Store, user: &User) -> crudder_store::Result<()> {
    let draft: ProfileDraft = serde_json::from_value(json!({ "display_name": "Worf", "bio": "Klingon" })).unwrap();
    store.update_profile(&user.sub, &draft.check().unwrap()).await.map(drop)
}
