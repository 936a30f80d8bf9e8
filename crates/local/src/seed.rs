//! The sample users and what they have said, so that the first request has something to show. Nothing is written twice.

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
    /// The name shown.
    pub display_name: &'static str,
    /// The user's id at Cognito: fixed, so that a token of yesterday's run is today's user.
    pub sub: &'static str,
}

/// The course's own sample users.
pub const SAMPLE_USERS: [SampleUser; 4] = [
    SampleUser { handle: "andrewbrown", display_name: "Andrew Brown", sub: "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10" },
    SampleUser { handle: "altbrown", display_name: "Alt Brown", sub: "b2e1d4cf-6e3c-4d7f-8a52-1f7c2d8b3e21" },
    SampleUser { handle: "bayko", display_name: "Andrew Bayko", sub: "c3d2e3b0-7f4d-4e60-9961-208b3e9c4d32" },
    SampleUser { handle: "londo", display_name: "Londo Mollari", sub: "d4c3f2a1-805e-4f51-8870-319a4fad5c43" },
];

/// Who posted what, and how long ago; the course's own sample posts.
const POSTS: [(usize, &str, Duration); 2] = [
    (0, "This was imported as seed data!", Duration::from_secs(2 * 3_600)),
    (1, "I am the other!", Duration::from_secs(3_600)),
];

/// What the first and the third of the users have said to each other in turn, a minute apart, since a day ago.
const TALK: [&str; 6] = [
    "Did you watch Babylon 5 again last night?",
    "The whole second season. Londo makes every scene his own.",
    "G'Kar is the one I keep thinking about.",
    "Those two in the lift, and neither will help the other out!",
    "I laughed until it hurt. Third season at the weekend?",
    "I bring the snacks, you bring the remote control.",
];
const TALKERS: [usize; 2] = [0, 2];
const TALK_BEGAN: Duration = Duration::from_secs(24 * 3_600);
const TALK_PACE: Duration = Duration::from_secs(60);

/// As the course's: a sample post is seen for ten days.
const POST_LIFE: Duration = Duration::from_secs(10 * 24 * 3_600);

/// The table can't be made or filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The store says no.
    #[error("make the table and its sample data")]
    Store(#[from] crudder_store::Error),
    /// A sample is not what the domain takes.
    #[error("read the sample data")]
    Invalid(#[from] crudder_domain::Invalid),
}

/// The table at `endpoint`, made and filled as far as it was not.
pub(crate) async fn prepare(endpoint: &str, table: &str) -> Result<(), SeedError> {
    let store = Store::connect(&StoreConfig::local(endpoint, table)).await;
    store.create_table().await?;
    sow(&store, SystemTime::now().into()).await
}

/// Writes what is missing of the sample data, as of `now`.
pub(crate) async fn sow(store: &Store, now: Timestamp) -> Result<(), SeedError> {
    for user in SAMPLE_USERS {
        let sign_up = SignUp::new(Sub::parse(user.sub)?, Some(user.display_name), Some(user.handle));
        // Signing up again changes nothing.
        store.sign_up(&sign_up).await?;
    }
    for (author, text, ago) in POSTS {
        let author = Sub::parse(SAMPLE_USERS[author].sub)?;
        // Who has ever posted has been seeded, also when the sample has expired since.
        if store.user_by_sub(&author).await?.cruds_count == 0 {
            let (id, message) = (ActivityId::at(now.saturating_sub(ago)), MessageText::post(Some(text.to_owned()))?);
            store.put_activity(&Post { id, author, message, expires_at: now.saturating_add(POST_LIFE) }).await?;
        }
    }
    talk(store, now).await
}

/// The sample conversation, unless there is one already.
async fn talk(store: &Store, now: Timestamp) -> Result<(), SeedError> {
    let [one, other] = TALKERS.map(|index| SAMPLE_USERS[index]);
    let (first, second) = (Sub::parse(one.sub)?, Sub::parse(other.sub)?);
    let page = PageRequest { limit: PageLimit::DEFAULT, before: None };
    match store.messages(&first, GroupId::between(&first, &second), page).await {
        // None is there yet: the first is a member of every one between the two.
        Err(Error::Forbidden) => (),
        there => return Ok(there.map(drop)?),
    }
    let mut at = now.saturating_sub(TALK_BEGAN);
    for (turn, text) in TALK.iter().enumerate() {
        let (sender, to) = if turn % 2 == 0 { (&first, other) } else { (&second, one) };
        let (id, message) = (MessageId::at(at), MessageText::long(Some((*text).to_owned()))?);
        let to = Recipient::Person(Handle::parse(to.handle)?);
        store.put_message(&OutgoingMessage { id, sender: sender.clone(), to, message }).await?;
        at = at.saturating_add(TALK_PACE);
    }
    Ok(())
}
