//! A dataset: a table with a number of posts, and a tenth as many messages in one conversation. The
//! store writes the first of each. The others are copies of those, because writing a million posts
//! would take an hour.

use std::time::{Duration, SystemTime};

use crudder_domain::{
    Draft, GroupId, MessageDraft, OutgoingMessage, PageRequest, Post, SearchTerms, SentMessage, SignUp, Sub, Timestamp,
    Ttl, User,
};
use crudder_store::{Store, StoreConfig};
use dynoxide::Database;
use serde_json::json;
use tokio::net::TcpListener;

use crate::copies::ItemTemplate;

const TABLE: &str = "crudder-bench";
/// The number of authors. Each writes several pages of posts.
const PEOPLE: usize = 10;
/// The number of distinct words in all posts.
const WORDS: u64 = 1_000;
/// The number of words in each post.
const WORDS_PER_POST: u64 = 7;
/// The period that the posts are spread over. None of them has expired.
const PERIOD: Duration = Duration::from_secs(25 * 24 * 60 * 60);
/// The number of posts in one transaction of the embedded table.
const CHUNK: usize = 2_000;

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
        let (posts, message) = (dataset.write_posts(&database).await, dataset.write_messages(&database).await);
        dataset.copy_posts(&database, &posts);
        dataset.copy_messages(&database, &message);
        database.disable_bulk_loading().unwrap();
        // The list of conversations shows the last message, so the store writes that one too.
        dataset.send(&dataset.message(dataset.message_count() - 1)).await;
        dataset
    }

    /// Writes the first post of each author.
    async fn write_posts(&self, database: &Database) -> Vec<ItemTemplate> {
        let mut templates = Vec::new();
        for number in 0..PEOPLE as u64 {
            let post = self.post(number);
            self.store.put_activity(&post).await.unwrap();
            templates.push(ItemTemplate::read(database, TABLE, &post.id.to_string(), &post_values(&post, number)));
        }
        templates
    }

    fn copy_posts(&self, database: &Database, templates: &[ItemTemplate]) {
        let numbers: Vec<u64> = (PEOPLE as u64..self.posts).collect();
        for numbers in numbers.chunks(CHUNK) {
            let copies = numbers.iter().flat_map(|number| {
                templates[*number as usize % PEOPLE].copy(&post_values(&self.post(*number), *number))
            });
            database.import_items(TABLE, copies.collect(), Default::default()).unwrap();
        }
    }

    /// Writes the first message, which opens the conversation, and the second one, which is the
    /// template of all others.
    async fn write_messages(&mut self, database: &Database) -> ItemTemplate {
        self.group = Some(self.send(&self.message(0)).await);
        let message = self.message(1);
        self.send(&message).await;
        ItemTemplate::read(database, TABLE, &message.id.to_string(), &message_values(&message))
    }

    fn copy_messages(&self, database: &Database, template: &ItemTemplate) {
        let numbers = 2..self.message_count() - 1;
        let copies: Vec<_> = numbers.flat_map(|number| template.copy(&message_values(&self.message(number)))).collect();
        database.import_items(TABLE, copies, Default::default()).unwrap();
    }

    fn message_count(&self) -> u64 {
        self.posts / 10
    }

    /// Returns the post with this number.
    fn post(&self, number: u64) -> Post {
        let words: Vec<String> = (0..WORDS_PER_POST).map(|index| word(number, index)).collect();
        let body = json!({ "message": format!("Cloud {}", words.join(" ")), "ttl": "30-days" });
        let draft: Draft = serde_json::from_value(body).unwrap();
        draft.publish(&self.people[number as usize % PEOPLE].sub, self.at(number, self.posts)).unwrap()
    }

    /// Returns the message with this number.
    fn message(&self, number: u64) -> OutgoingMessage {
        let body = json!({ "message": format!("Message number {number}."), "handle": "person1" });
        let draft: MessageDraft = serde_json::from_value(body).unwrap();
        draft.send(&self.people[0].sub, self.at(number, self.message_count())).unwrap()
    }

    async fn send(&self, message: &OutgoingMessage) -> GroupId {
        match self.store.put_message(message).await.unwrap() {
            SentMessage::Opened(conversation) => conversation.message_group_uuid,
            SentMessage::Added(message) => panic!("opened no conversation: {message:?}"),
        }
    }

    /// Returns the timestamp of item `number` of `count` items that are spread evenly over the
    /// period.
    fn at(&self, number: u64, count: u64) -> Timestamp {
        self.now.saturating_sub(PERIOD).saturating_add(PERIOD / count as u32 * number as u32)
    }

    /// Reads a page and checks that it is full.
    pub(crate) async fn read_page(&self, call: &str) {
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

/// Returns a word of a post. The words of one post are distinct.
fn word(number: u64, index: u64) -> String {
    format!("word{:03}", (number * 7_919 + index * 143) % WORDS)
}

/// Returns the values that differ between posts. A value that contains another one comes before it.
fn post_values(post: &Post, number: u64) -> Vec<String> {
    let end = post.expires_at;
    let mut values = vec![post.id.to_string(), end.micros().to_string(), end.seconds_rounded_up().to_string()];
    values.extend((0..WORDS_PER_POST).map(|index| word(number, index)));
    values
}

/// Returns the values that differ between messages.
fn message_values(message: &OutgoingMessage) -> Vec<String> {
    vec![message.id.to_string(), message.message.as_str().to_owned()]
}

/// Returns the end of the current bucket. All posts are then in one bucket, on whatever day the
/// benchmark runs.
fn end_of_bucket() -> Timestamp {
    let (now, length) = (Timestamp::from(SystemTime::now()).micros(), Ttl::LONGEST.as_micros() as u64);
    Timestamp::from_micros((now / length + 1) * length - 1)
}
