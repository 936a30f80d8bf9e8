//! A table of so many posts, and a tenth as many messages in one conversation. The first of each are written as the API writes them; the
//! rest are copies of those, or building a million would take an hour.

use std::time::{Duration, SystemTime};

use crudder_domain::{
    Draft, GroupId, MessageDraft, OutgoingMessage, PageRequest, Post, SearchTerms, SentMessage, SignUp, Sub, Timestamp,
    Ttl, User,
};
use crudder_store::{Store, StoreConfig};
use dynoxide::Database;
use serde_json::json;
use tokio::net::TcpListener;

use crate::copies::Original;

const TABLE: &str = "crudder-bench";
/// How many people write, each of them some pages, and how many words they know.
const PEOPLE: usize = 10;
const WORDS: u64 = 1_000;
/// In each post.
const PARTS: u64 = 7;
/// Over how many days the posts are spread; all of them live on.
const SPAN: Duration = Duration::from_secs(25 * 24 * 60 * 60);
/// So many in one transaction of the embedded table.
const AT_ONCE: usize = 2_000;

pub(crate) struct Dataset {
    pub(crate) posts: u64,
    store: Store,
    people: Vec<User>,
    group: Option<GroupId>,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

impl Dataset {
    pub(crate) async fn build(posts: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("table.db").to_str().unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), std::future::pending()));
        let store = Store::connect(&StoreConfig::local(&address, TABLE)).await;
        store.create_table().await.unwrap();

        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let (sub, handle) = (Sub::parse(&format!("sub-{number}")).unwrap(), format!("person{number}"));
            people.push(store.sign_up(&SignUp::new(sub, Some(&handle), Some(&handle))).await.unwrap());
        }
        let now = end_of_bucket();
        let mut dataset = Self { posts, store, people, group: None, now, _folder: folder };
        database.enable_bulk_loading().unwrap();
        let (posts, message) = (dataset.write_posts(&database).await, dataset.send_messages(&database).await);
        dataset.copy_posts(&database, &posts);
        dataset.copy_messages(&database, &message);
        database.disable_bulk_loading().unwrap();
        // The list of conversations shows the last, so that one is sent like the first.
        dataset.send(&dataset.letter(dataset.messages() - 1)).await;
        dataset
    }

    /// The first post of each person.
    async fn write_posts(&self, database: &Database) -> Vec<Original> {
        let mut originals = Vec::new();
        for number in 0..PEOPLE as u64 {
            let post = self.post(number);
            self.store.put_activity(&post).await.unwrap();
            originals.push(Original::find(database, TABLE, &post.id.to_string(), &marks(&post, number)));
        }
        originals
    }

    fn copy_posts(&self, database: &Database, originals: &[Original]) {
        let numbers: Vec<u64> = (PEOPLE as u64..self.posts).collect();
        for numbers in numbers.chunks(AT_ONCE) {
            let copies = numbers
                .iter()
                .flat_map(|number| originals[*number as usize % PEOPLE].copy(&marks(&self.post(*number), *number)));
            database.import_items(TABLE, copies.collect(), Default::default()).unwrap();
        }
    }

    /// The first message, which opens the conversation, and the second, which is like all that follow.
    async fn send_messages(&mut self, database: &Database) -> Original {
        self.group = Some(self.send(&self.letter(0)).await);
        let letter = self.letter(1);
        self.send(&letter).await;
        Original::find(database, TABLE, &letter.id.to_string(), &words(&letter))
    }

    fn copy_messages(&self, database: &Database, original: &Original) {
        let numbers = 2..self.messages() - 1;
        let copies: Vec<_> = numbers.flat_map(|number| original.copy(&words(&self.letter(number)))).collect();
        database.import_items(TABLE, copies, Default::default()).unwrap();
    }

    fn messages(&self) -> u64 {
        self.posts / 10
    }

    /// What a post of this number is.
    fn post(&self, number: u64) -> Post {
        let words: Vec<String> = (0..PARTS).map(|part| word(number, part)).collect();
        let body = json!({ "message": format!("Cloud {}", words.join(" ")), "ttl": "30-days" });
        let draft: Draft = serde_json::from_value(body).unwrap();
        draft.publish(&self.people[number as usize % PEOPLE].sub, self.at(number, self.posts)).unwrap()
    }

    fn letter(&self, number: u64) -> OutgoingMessage {
        let body = json!({ "message": format!("Message number {number}."), "handle": "person1" });
        let draft: MessageDraft = serde_json::from_value(body).unwrap();
        draft.send(&self.people[0].sub, self.at(number, self.messages())).unwrap()
    }

    async fn send(&self, letter: &OutgoingMessage) -> GroupId {
        match self.store.put_message(letter).await.unwrap() {
            SentMessage::Opened(started) => started.message_group_uuid,
            SentMessage::Added(message) => panic!("went elsewhere: {message:?}"),
        }
    }

    /// When so many that are spread evenly come to this one.
    fn at(&self, number: u64, of: u64) -> Timestamp {
        self.now.saturating_sub(SPAN).saturating_add(SPAN / of as u32 * number as u32)
    }

    pub(crate) async fn ask(&self, call: &str) {
        let (store, now, page) = (&self.store, self.now, PageRequest::FIRST);
        let found = match call {
            "home" => store.home(page, now).await.unwrap().content.len(),
            "search" => {
                let terms = SearchTerms::parse(Some("cloud")).unwrap();
                store.search(&terms, page, now).await.unwrap().content.len()
            }
            "user page" => store.user_page(&self.people[0].handle, page, now).await.unwrap().content.activities.len(),
            _ => store.messages(&self.people[0].sub, self.group.unwrap(), page).await.unwrap().content.len(),
        };
        assert_eq!(found, 40, "{call}");
    }
}

/// Seven words of a post, each another.
fn word(number: u64, part: u64) -> String {
    format!("word{:03}", (number * 7_919 + part * 143) % WORDS)
}

/// What differs between the items of one post and of another, the longer first where one holds the other.
fn marks(post: &Post, number: u64) -> Vec<String> {
    let end = post.expires_at;
    let mut marks = vec![post.id.to_string(), end.micros().to_string(), end.seconds_rounded_up().to_string()];
    marks.extend((0..PARTS).map(|part| word(number, part)));
    marks
}

fn words(letter: &OutgoingMessage) -> Vec<String> {
    vec![letter.id.to_string(), letter.message.as_str().to_owned()]
}

/// When the present bucket of posts ends: all posts then lie in one, on whatever day this runs.
fn end_of_bucket() -> Timestamp {
    let (now, length) = (Timestamp::from(SystemTime::now()).micros(), Ttl::LONGEST.as_micros() as u64);
    Timestamp::from_micros((now / length + 1) * length - 1)
}
