//! What is wrong with what a client sent, in the API's own words.

/// Why a value was refused. The client reads [`Invalid::code`]; the strings are those of the original API, misspellings
/// included, because its front end looks them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum Invalid {
    /// The time to live is missing or none of the seven.
    TtlBlank,
    /// The text is missing or empty.
    MessageBlank,
    /// A post is longer than 280 code points.
    MessageTooLong,
    /// A reply or a direct message is longer than 1024 code points.
    LongMessageTooLong,
    /// The caller is nobody that signed up here.
    CallerUnknown,
    /// No activity is named.
    ActivityBlank,
    /// No conversation is named.
    GroupBlank,
    /// The receiver is missing, unknown, or the sender himself.
    ReceiverBlank,
    /// Nothing to search for.
    SearchTermBlank,
    /// The name to show is missing or empty.
    DisplayNameBlank,
    /// The name to show is longer than 128 code points.
    DisplayNameTooLong,
    /// The biography is longer than 1024 code points.
    BioTooLong,
    /// A page's length is not a number from 1 to 100.
    LimitInvalid,
    /// A page's start is no cursor of this list.
    BeforeInvalid,
    /// A name or id of a form that nothing bears: to be answered like one that is unknown.
    NotFound,
}

impl Invalid {
    /// The string that the client is answered.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TtlBlank => "ttl_blank",
            Self::MessageBlank => "message_blank",
            Self::MessageTooLong => "message_exceed_max_chars",
            Self::LongMessageTooLong => "message_exceed_max_chars_1024",
            Self::CallerUnknown => "cognito_user_id_blank",
            Self::ActivityBlank => "activity_uuid_blank",
            Self::GroupBlank => "message_group_uuid_blank",
            Self::ReceiverBlank => "user_reciever_handle_blank",
            Self::SearchTermBlank => "search_term_blank",
            Self::DisplayNameBlank => "display_name_blank",
            Self::DisplayNameTooLong => "display_name_exceed_max_chars",
            Self::BioTooLong => "bio_exceed_max_chars",
            Self::LimitInvalid => "limit_invalid",
            Self::BeforeInvalid => "before_invalid",
            Self::NotFound => "not_found",
        }
    }
}
