//! Domain types and rules.
//!
#![doc = include_str!("../README.md")]

mod activity;
mod body;
mod cursor;
mod handle;
mod id;
mod invalid;
mod message;
mod notification;
mod outgoing_message;
mod page;
mod post;
mod profile_update;
mod reply;
mod search;
mod sign_up;
mod text;
mod timestamp;
mod ttl;
mod user;
mod user_page;

pub use activity::{Activity, ActivityPage};
pub use cursor::Cursor;
pub use handle::Handle;
pub use id::{ActivityId, GroupId, MessageId, Sub, UserId};
pub use invalid::Invalid;
pub use message::{Message, MessageGroup, NewConversation, SentMessage};
pub use notification::{Notification, NotificationKind};
pub use outgoing_message::{MessageDraft, OutgoingMessage, Recipient};
pub use page::{Page, PageLimit, PageRequest};
pub use post::{Draft, Post};
pub use profile_update::{ProfileDraft, ProfileUpdate};
pub use reply::{Reply, ReplyDraft};
pub use search::{SearchTerms, terms};
pub use sign_up::SignUp;
pub use text::{Bio, DisplayName, MessageText};
pub use timestamp::Timestamp;
pub use ttl::Ttl;
pub use user::{Profile, User, UserShort};
pub use user_page::UserPage;
