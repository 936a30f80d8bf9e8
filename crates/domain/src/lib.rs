//! The nouns of Crudder and their rules.
//!
//! A value of these types is valid: it was parsed at the door and is not checked again. Nothing here waits, reads a clock, or
//! knows of HTTP or AWS; the moment and the caller come in as arguments.

mod activity;
mod body;
mod handle;
mod id;
mod invalid;
mod message;
mod notification;
mod page;
mod search;
mod text;
mod timestamp;
mod ttl;
mod user;

pub use activity::{Activity, ActivityPage, Draft, Post, Reply, ReplyDraft};
pub use handle::Handle;
pub use id::{ActivityId, GroupId, MessageId, Sub, UserId};
pub use invalid::Invalid;
pub use message::{Message, MessageDraft, MessageGroup, NewConversation, OutgoingMessage, Recipient, SentMessage};
pub use notification::{Notification, NotificationKind};
pub use page::{Cursor, Page, PageLimit, PageRequest};
pub use search::{SearchTerms, terms};
pub use text::{Bio, DisplayName, MessageText};
pub use timestamp::Timestamp;
pub use ttl::Ttl;
pub use user::{Profile, ProfileDraft, ProfileUpdate, SignUp, User, UserPage, UserShort};
