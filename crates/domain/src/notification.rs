//! Notifications: what other users did that concerns the caller.

use serde::Serialize;

use crate::activity::Activity;
use crate::id::GroupId;
use crate::user::UserShort;

/// Why a user is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationKind {
    /// Another user replied to one of the user's activities.
    Reply,
    /// Another user sent the user a direct message.
    Message,
}

/// An activity of the notifications page, and the reason why it is there. A direct message is also
/// shown as an activity, with the id and the text of the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// The reply, or the message in the form of an activity.
    #[serde(flatten)]
    pub activity: Activity,
    /// Why the user is notified.
    pub kind: NotificationKind,
    /// The user who replied or wrote.
    pub actor: UserShort,
    /// The conversation of a message; absent for a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_group_uuid: Option<GroupId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Sub;
    use crate::post::Draft;
    use crate::sign_up::SignUp;
    use crate::timestamp::Timestamp;
    use crate::user::User;

    #[test]
    fn a_notification_is_serialized_as_an_activity_with_more_fields() {
        let sign_up = SignUp::new(Sub::parse("s").unwrap(), Some("Worf"), Some("worf"));
        let (sub, display_name) = (sign_up.sub.clone(), sign_up.display_name.clone());
        let worf = User { sub, handle: sign_up.handle, display_name, bio: None, cruds_count: 0 };
        let draft: Draft = serde_json::from_str(r#"{"message":"hi","ttl":"1-day"}"#).unwrap();
        let activity = draft.publish(&worf.sub, Timestamp::from_micros(1)).unwrap().to_activity(&worf);
        let (kind, actor) = (NotificationKind::Reply, worf.short());
        let json = serde_json::to_value(Notification { activity, kind, actor, message_group_uuid: None }).unwrap();
        assert_eq!((&json["message"], &json["kind"]), (&"hi".into(), &"reply".into()));
        assert_eq!(json["actor"]["handle"], "worf");
        assert!(json.get("message_group_uuid").is_none());
    }
}
