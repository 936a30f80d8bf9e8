//! The rules that a client's request can break, with the API's codes.

/// Why a value was refused. Clients read [`Invalid::code`]. The codes are those of the original
/// API, misspellings included, because its front end looks them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum Invalid {
    /// The time to live is missing or unknown.
    TtlBlank,
    /// The text is missing or empty.
    MessageBlank,
    /// A post is longer than 280 code points.
    MessageTooLong,
    /// A reply or a direct message is longer than 1024 code points.
    LongMessageTooLong,
    /// The caller has never signed up.
    CallerUnknown,
    /// The activity's id is missing.
    ActivityBlank,
    /// The conversation's id is missing.
    GroupBlank,
    /// The receiver is missing, unknown, or the sender.
    ReceiverBlank,
    /// The search term is missing.
    SearchTermBlank,
    /// The display name is missing or empty.
    DisplayNameBlank,
    /// The display name is longer than 128 code points.
    DisplayNameTooLong,
    /// The biography is longer than 1024 code points.
    BioTooLong,
    /// The limit of a page is not a number from 1 to 100.
    LimitInvalid,
    /// The start of a page is not a cursor of this list.
    BeforeInvalid,
    /// A malformed name or id, which gets the same response as an unknown one.
    NotFound,
}

impl Invalid {
    /// Returns the code in the response.
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
