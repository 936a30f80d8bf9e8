//! Does a page take longer as the table grows? Home, search, a person's page and a conversation, on an embedded table of a thousand
//! posts and on larger ones, in alternating rounds; p50 of each, and its ratio to the smallest. The cost in waves, requests, items and
//! units is asserted to be the same. `CRUDDER_BENCH_POSTS=1000000` goes up to a million (an hour of
//! writing); 10,000 otherwise.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends at the first failure, and prints")]

#[path = "../tests/contract/gauge.rs"]
mod gauge;

use std::time::{Duration, Instant, SystemTime};

use crudder_domain::{Draft, GroupId, MessageDraft, Moment, PageRequest, SearchTerms, Sent, SignUp, Sub, Ttl, User};
use crudder_store::{Store, StoreConfig};
use dynoxide::Database;
use futures::stream::{self, StreamExt};
use gauge::{Cost, cost, measured};
use serde_json::json;
use tokio::net::TcpListener;

/// The rounds of each call on each table: the median of so many moves by a few percent from run to run.
const ROUNDS: usize = 300;
/// How many people write, each of them some pages, and how many words they know.
const PEOPLE: usize = 10;
const WORDS: u64 = 1_000;
/// Over how many days the posts are spread; all of them live on.
const DAYS: u64 = 25;
const CALLS: [&str; 4] = ["home", "search", "user page", "messages"];

/// A table of so many posts, and a tenth as many messages in one conversation.
struct Town {
    posts: u64,
    store: Store,
    people: Vec<User>,
    group: GroupId,
    now: Moment,
    _folder: tempfile::TempDir,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let largest = largest();
    let mut towns = Vec::new();
    for posts in [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|posts| *posts <= largest) {
        let begun = Instant::now();
        towns.push(Town::build(posts).await);
        println!("built a table of {posts} posts in {:.1} s", begun.elapsed().as_secs_f64());
    }
    for call in CALLS {
        let costs = each_cost(call, &towns).await;
        assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "{call} costs more on a larger table: {costs:?}");
        let medians = medians(call, &towns).await;
        for (town, median) in towns.iter().zip(&medians) {
            let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
            println!("{call}: {} posts, p50 {median:?}, x{ratio:.2}", town.posts);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the benchmark's one setting, read here only")]
fn largest() -> u64 {
    std::env::var("CRUDDER_BENCH_POSTS").map_or(10_000, |posts| posts.parse().unwrap())
}

async fn each_cost(call: &str, towns: &[Town]) -> Vec<Cost> {
    let mut costs = Vec::new();
    for town in towns {
        costs.push(cost(&measured(town.ask(call)).await.1));
    }
    costs
}

async fn medians(call: &str, towns: &[Town]) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(ROUNDS); towns.len()];
    for _ in 0..ROUNDS {
        for (town, times) in towns.iter().zip(&mut times) {
            let begun = Instant::now();
            town.ask(call).await;
            times.push(begun.elapsed());
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    times.iter().map(|times| times[ROUNDS / 2]).collect()
}

impl Town {
    async fn build(posts: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("table.db").to_str().unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
        let store = Store::connect(&StoreConfig::stand_in(&address, "crudder-bench")).await;
        store.create_table().await.unwrap();

        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let (sub, handle) = (Sub::parse(&format!("sub-{number}")).unwrap(), format!("person{number}"));
            people.push(store.sign_up(&SignUp::new(sub, Some(&handle), Some(&handle))).await.unwrap());
        }
        let now = end_of_bucket();
        let begin = now.before(Duration::from_secs(DAYS * 24 * 60 * 60));
        let at =
            |number: u64, of: u64| begin.after(Duration::from_secs(DAYS * 24 * 60 * 60) / of as u32 * number as u32);
        let writes =
            (0..posts).map(|number| write(&store, &people[number as usize % PEOPLE], number, at(number, posts)));
        stream::iter(writes).buffer_unordered(32).collect::<()>().await;
        let mut group = None;
        for number in 0..posts / 10 {
            group = Some(send(&store, &people[0], number, at(number, posts / 10)).await);
        }
        Self { posts, store, people, group: group.unwrap(), now, _folder: folder }
    }

    async fn ask(&self, call: &str) {
        let (store, now, page) = (&self.store, self.now, PageRequest::FIRST);
        let found = match call {
            "home" => store.home(page, now).await.unwrap().content.len(),
            "search" => {
                let terms = SearchTerms::parse(Some("cloud")).unwrap();
                store.search(&terms, page, now).await.unwrap().content.len()
            }
            "user page" => store.user_page(&self.people[0].handle, page, now).await.unwrap().content.activities.len(),
            _ => store.messages(&self.people[0].sub, self.group, page).await.unwrap().content.len(),
        };
        assert_eq!(found, 40, "{call}");
    }
}

/// When the present bucket of posts ends: all posts then lie in one, on whatever day this runs.
fn end_of_bucket() -> Moment {
    let (now, length) = (Moment::from(SystemTime::now()).micros(), Ttl::LONGEST.as_micros() as u64);
    Moment::from_micros((now / length + 1) * length - 1)
}

async fn write(store: &Store, author: &User, number: u64, at: Moment) {
    let words: Vec<String> = (1..8).map(|part| format!("word{:03}", number * part * 7_919 % WORDS)).collect();
    let body = json!({ "message": format!("Cloud {}", words.join(" ")), "ttl": "30-days" });
    let draft: Draft = serde_json::from_value(body).unwrap();
    store.put_activity(&draft.publish(&author.sub, at).unwrap()).await.unwrap();
}

async fn send(store: &Store, sender: &User, number: u64, at: Moment) -> GroupId {
    let body = json!({ "message": format!("Message {number}"), "handle": "person1" });
    let draft: MessageDraft = serde_json::from_value(body).unwrap();
    match store.put_message(&draft.send(&sender.sub, at).unwrap()).await.unwrap() {
        Sent::Started(started) => started.message_group_uuid,
        Sent::Added(message) => panic!("went elsewhere: {message:?}"),
    }
}
