//! The sample data: users, posts and a conversation, so that the first request returns something.
//!
//! Each part is written only if it is missing.

use std::time::{Duration, SystemTime};

use crudder_domain::{
    ActivityId, GroupId, Handle, MessageId, MessageText, OutgoingMessage, PageLimit, PageRequest, Post, Recipient,
    SignUp, Sub, Timestamp,
};
use crudder_store::{Error, Store, StoreConfig};

/// A sample user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleUser {
    /// The handle, without `@`.
    pub handle: &'static str,
    /// The name that pages show.
    pub display_name: &'static str,
    /// The user's id at Cognito. It is fixed, so that a token of an earlier run stays valid.
    pub sub: &'static str,
}

/// The sample users of the course.
pub const SAMPLE_USERS: [SampleUser; 4] = [
    SampleUser { handle: "andrewbrown", display_name: "Andrew Brown", sub: "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10" },
    SampleUser { handle: "altbrown", display_name: "Alt Brown", sub: "b2e1d4cf-6e3c-4d7f-8a52-1f7c2d8b3e21" },
    SampleUser { handle: "bayko", display_name: "Andrew Bayko", sub: "c3d2e3b0-7f4d-4e60-9961-208b3e9c4d32" },
    SampleUser { handle: "londo", display_name: "Londo Mollari", sub: "d4c3f2a1-805e-4f51-8870-319a4fad5c43" },
];

/// The sample posts of the course: index of the author, text, age.
const POSTS: [(usize, &str, Duration); 2] = [
    (0, "This was imported as seed data!", Duration::from_secs(2 * 3_600)),
    (1, "I am the other!", Duration::from_secs(3_600)),
];

/// The messages of the sample conversation. The two users take turns.
const CONVERSATION: [&str; 6] = [
    "Did you watch Babylon 5 again last night?",
    "The whole second season. Londo makes every scene his own.",
    "G'Kar is the one I keep thinking about.",
    "Those two in the lift, and neither will help the other out!",
    "I laughed until it hurt. Third season at the weekend?",
    "I bring the snacks, you bring the remote control.",
];
/// The indices of the two users in [`SAMPLE_USERS`].
const CONVERSATION_USERS: [usize; 2] = [0, 2];
/// The age of the first message.
const CONVERSATION_AGE: Duration = Duration::from_secs(24 * 3_600);
/// The time between two messages.
const MESSAGE_INTERVAL: Duration = Duration::from_secs(60);

/// How long a sample post is visible, as in the course.
const POST_LIFETIME: Duration = Duration::from_secs(10 * 24 * 3_600);

/// The table cannot be created or filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The store returned an error.
    #[error("create the table and its sample data")]
    Store(#[from] crudder_store::Error),
    /// The domain rejects a part of the sample data.
    #[error("parse the sample data")]
    Invalid(#[from] crudder_domain::Invalid),
}

/// Creates the table at `endpoint` if it is missing, and writes the missing sample data.
pub(crate) async fn prepare(endpoint: &str, table: &str) -> Result<(), SeedError> {
    let store = Store::connect(&StoreConfig::local(endpoint, table)).await;
    store.create_table().await?;
    write_missing(&store, SystemTime::now().into()).await
}

/// Writes the missing sample data, as of `now`.
async fn write_missing(store: &Store, now: Timestamp) -> Result<(), SeedError> {
    for user in SAMPLE_USERS {
        let sign_up = SignUp::new(Sub::parse(user.sub)?, Some(user.display_name), Some(user.handle));
        // A second sign-up of the same user changes nothing.
        store.sign_up(&sign_up).await?;
    }
    for (author, text, ago) in POSTS {
        let author = Sub::parse(SAMPLE_USERS[author].sub)?;
        // A user who has ever posted got the sample post before, even if it has expired since.
        if store.user_by_sub(&author).await?.cruds_count == 0 {
            let (id, message) = (ActivityId::at(now.saturating_sub(ago)), MessageText::post(Some(text.to_owned()))?);
            store.put_activity(&Post { id, author, message, expires_at: now.saturating_add(POST_LIFETIME) }).await?;
        }
    }
    write_conversation(store, now).await
}

/// Writes the sample conversation, unless the two users have one already.
async fn write_conversation(store: &Store, now: Timestamp) -> Result<(), SeedError> {
    let [one, other] = CONVERSATION_USERS.map(|index| SAMPLE_USERS[index]);
    let (first, second) = (Sub::parse(one.sub)?, Sub::parse(other.sub)?);
    let page = PageRequest { limit: PageLimit::DEFAULT, before: None };
    match store.messages(&first, GroupId::between(&first, &second), page).await {
        // There is none yet: a user is a member of every conversation of their own.
        Err(Error::Forbidden) => (),
        found => return Ok(found.map(drop)?),
    }
    let mut at = now.saturating_sub(CONVERSATION_AGE);
    for (turn, text) in CONVERSATION.iter().enumerate() {
        let (sender, to) = if turn % 2 == 0 { (&first, other) } else { (&second, one) };
        let (id, message) = (MessageId::at(at), MessageText::long(Some((*text).to_owned()))?);
        let to = Recipient::Person(Handle::parse(to.handle)?);
        store.put_message(&OutgoingMessage { id, sender: sender.clone(), to, message }).await?;
        at = at.saturating_add(MESSAGE_INTERVAL);
    }
    Ok(())
}
