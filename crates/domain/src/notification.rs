//! Notifications: what others did that concerns the caller.

use serde::Serialize;

use crate::{Activity, GroupId, UserShort};

/// Why somebody is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationKind {
    /// Somebody replied to what he wrote.
    Reply,
    /// Somebody wrote to him.
    Message,
}

/// An activity, as the notifications page shows it, and what made it a notification. A direct message takes the shape of an
/// activity too: same id and text as the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// What is shown.
    #[serde(flatten)]
    pub activity: Activity,
    /// Why.
    pub kind: NotificationKind,
    /// Who did it.
    pub actor: UserShort,
    /// The conversation of a message; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_group_uuid: Option<GroupId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Draft, SignUp, Sub, Timestamp, User};

    #[test]
    fn is_an_activity_with_more() {
        let sign_up = SignUp::new(Sub::parse("s").unwrap(), Some("Worf"), Some("worf"));
        let (sub, display_name) = (sign_up.sub.clone(), sign_up.display_name.clone());
        let worf = User { sub, handle: sign_up.handle, display_name, bio: None, cruds_count: 0 };
        let draft: Draft = serde_json::from_str(r#"{"message":"hi","ttl":"1-day"}"#).unwrap();
        let activity = draft.publish(&worf.sub, Timestamp::from_micros(1)).unwrap().to_activity(&worf);
        let (kind, actor) = (NotificationKind::Reply, worf.short());
        let shown = serde_json::to_value(Notification { activity, kind, actor, message_group_uuid: None }).unwrap();
        assert_eq!((&shown["message"], &shown["kind"]), (&"hi".into(), &"reply".into()));
        assert_eq!(shown["actor"]["handle"], "worf");
        assert!(shown.get("message_group_uuid").is_none());
    }
}
