//! Costs: each call costs what its line of docs/store.md says, whatever the size of the table.

use crudder_domain::{ProfileDraft, SearchTerms, User};
use crudder_store::Store;
use serde_json::json;

use crate::requests::{Cost, cost, record_requests};
use crate::sample::*;
use crate::test_table::TestTable;

/// The page with the table of costs.
const DOCS: &str = include_str!("../../../../docs/store.md");

#[tokio::test]
async fn each_call_costs_what_the_docs_say_on_a_table_of_two_hundred_posts() {
    assert_costs(200).await;
}

#[tokio::test]
async fn each_call_costs_the_same_on_a_table_of_two_thousand_posts() {
    assert_costs(2_000).await;
}

async fn assert_costs(posts: u64) {
    let measured: Vec<String> = costs(&TestTable::embedded().await, posts).await.into_iter().map(line).collect();
    let missing: Vec<&String> = measured.iter().filter(|line| !DOCS.contains(line.as_str())).collect();
    assert!(missing.is_empty(), "docs/store.md does not have these lines: {missing:#?}");
}

/// Returns a line of the table of costs.
fn line((name, cost): (&str, Cost)) -> String {
    let Cost { round_trips, requests, items_read, units_read, items_written, units_written } = cost;
    format!("| {name} | {round_trips} | {requests} | {items_read} | {units_read} | {items_written} | {units_written} |")
}

/// Returns what each call costs on a table with this many posts.
async fn costs(table: &TestTable, posts: u64) -> Vec<(&'static str, Cost)> {
    let (store, now) = (table.store().await, now());
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
    let conversation = open_conversation(&store, &worf, "picard", "A message of some length, as they are", now).await;
    for number in 0..60 {
        try_send(&store, &worf.sub, conversation, "A message of some length, as they are", later(now, number))
            .await
            .unwrap();
    }
    let now = later(now, 100);
    let mut all = Vec::new();
    macro_rules! measure {
        ($name:literal, $call:expr) => {{
            let (result, requests) = record_requests($call).await;
            assert!(result.is_ok(), "{}: {result:?}", $name);
            all.push(($name, cost(&requests)));
        }};
    }
    let (one, two) = (SearchTerms::parse(Some("cloud")).unwrap(), SearchTerms::parse(Some("cloud fun")).unwrap());
    let group = conversation.message_group_uuid;
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
    measure!("message", try_send(&store, &worf.sub, conversation, "A message of some length, as they are", now));
    measure!(
        "open conversation",
        store.put_message(&message_to(&picard, "worf", "A message of some length", later(now, 1)))
    );
    measure!("profile update", update(&store, &worf));
    measure!("sign-up", store.sign_up(&newcomer("riker")));
    all
}

async fn update(store: &Store, user: &User) -> crudder_store::Result<()> {
    let draft: ProfileDraft = serde_json::from_value(json!({ "display_name": "Worf", "bio": "Klingon" })).unwrap();
    store.update_profile(&user.sub, &draft.check().unwrap()).await.map(drop)
}
