//! Sample users, posts and messages for the contracts.

use std::time::{Duration, SystemTime};

use crudder_domain::{
    Activity, ActivityId, Draft, Handle, Invalid, Message, MessageDraft, NewConversation, OutgoingMessage, Page,
    PageLimit, PageRequest, ReplyDraft, SentMessage, SignUp, Sub, Timestamp, User,
};
use crudder_store::{Error, Result, Store};
use serde_json::json;
use uuid::Uuid;

/// Returns the current time. Posts written at it expire in the future, even for a table that
/// deletes by its own clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

/// Returns the timestamp `seconds` later.
pub(crate) fn later(timestamp: Timestamp, seconds: u64) -> Timestamp {
    timestamp.saturating_add(Duration::from_secs(seconds))
}

/// Returns the sign-up of a new user who asks for this handle.
pub(crate) fn newcomer(handle: &str) -> SignUp {
    SignUp::new(Sub::parse(&Uuid::new_v4().to_string()).unwrap(), Some(handle), Some(handle))
}

/// Signs up a new user.
pub(crate) async fn person(store: &Store, handle: &str) -> User {
    store.sign_up(&newcomer(handle)).await.unwrap()
}

/// Returns the `sub` of a user who has not signed up.
pub(crate) fn stranger() -> Sub {
    newcomer("nobody").sub
}

/// Posts a text.
pub(crate) async fn try_post(store: &Store, author: &Sub, text: &str, ttl: &str, now: Timestamp) -> Result<Activity> {
    let draft: Draft = serde_json::from_value(json!({ "message": text, "ttl": ttl })).unwrap();
    store.put_activity(&draft.publish(author, now).unwrap()).await
}

pub(crate) async fn post(store: &Store, author: &User, text: &str, ttl: &str, now: Timestamp) -> Activity {
    try_post(store, &author.sub, text, ttl, now).await.unwrap()
}

/// Replies to an activity.
pub(crate) async fn try_reply(
    store: &Store,
    author: &Sub,
    parent: ActivityId,
    text: &str,
    now: Timestamp,
) -> Result<Activity> {
    let draft: ReplyDraft = serde_json::from_value(json!({ "message": text })).unwrap();
    store.put_reply(&draft.reply(author, &parent.to_string(), now).unwrap()).await
}

pub(crate) async fn reply(store: &Store, author: &User, parent: ActivityId, text: &str, now: Timestamp) -> Activity {
    try_reply(store, &author.sub, parent, text, now).await.unwrap()
}

/// Returns a message to a person.
pub(crate) fn message_to(sender: &User, to: &str, text: &str, now: Timestamp) -> OutgoingMessage {
    let draft: MessageDraft = serde_json::from_value(json!({ "message": text, "handle": to })).unwrap();
    draft.send(&sender.sub, now).unwrap()
}

pub(crate) async fn open_conversation(
    store: &Store,
    sender: &User,
    to: &str,
    text: &str,
    now: Timestamp,
) -> NewConversation {
    match store.put_message(&message_to(sender, to, text, now)).await.unwrap() {
        SentMessage::Opened(conversation) => conversation,
        SentMessage::Added(message) => panic!("opened no conversation: {message:?}"),
    }
}

/// Sends a message into a conversation.
pub(crate) async fn try_send(
    store: &Store,
    sender: &Sub,
    to: NewConversation,
    text: &str,
    now: Timestamp,
) -> Result<Message> {
    let body = json!({ "message": text, "message_group_uuid": to.message_group_uuid });
    let draft: MessageDraft = serde_json::from_value(body).unwrap();
    match store.put_message(&draft.send(sender, now).unwrap()).await? {
        SentMessage::Added(message) => Ok(message),
        SentMessage::Opened(conversation) => panic!("opened {conversation:?}"),
    }
}

/// Returns a request for the first page.
pub(crate) fn first(limit: usize) -> PageRequest {
    PageRequest { limit: PageLimit::parse(Some(&limit.to_string())).unwrap(), before: None }
}

/// Returns a request for the page after this one.
pub(crate) fn after<T>(limit: usize, page: &Page<T>) -> Option<PageRequest> {
    page.next.map(|before| PageRequest { before: Some(before), ..first(limit) })
}

/// Reads all pages of home.
pub(crate) async fn all_of_home(store: &Store, limit: usize, now: Timestamp) -> Vec<Activity> {
    let (mut all, mut request) = (Vec::new(), Some(first(limit)));
    while let Some(wanted) = request {
        let page = store.home(wanted, now).await.unwrap();
        assert!(page.content.len() <= limit, "a page of {limit} has {}", page.content.len());
        request = after(limit, &page);
        all.extend(page.content);
    }
    all
}

/// Returns the texts of activities, in order.
pub(crate) fn texts(activities: &[Activity]) -> Vec<&str> {
    activities.iter().map(|activity| activity.message.as_str()).collect()
}

pub(crate) fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

/// Returns whether a result is [`Error::NotFound`].
pub(crate) fn is_not_found<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::NotFound))
}

/// Returns the rule that the request broke.
pub(crate) fn invalid<T>(result: Result<T>) -> Option<Invalid> {
    match result {
        Err(Error::Invalid(invalid)) => Some(invalid),
        _ => None,
    }
}
