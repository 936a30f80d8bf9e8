//! The claims of an access token: their checks, and their form in the event of a function.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::macros::format_description;

use super::error::InvalidToken;

/// The claims of a valid token.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Returns the id of the user: the `sub` claim.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.text("sub")
    }

    /// Returns the claims as `requestContext.authorizer.claims` has them. Every value is a string;
    /// `iat` and `exp` have the form of Java's `Date`.
    #[must_use]
    pub fn as_strings(&self) -> Map<String, Value> {
        self.0.iter().map(|(name, value)| (name.clone(), Value::from(as_string(name, value)))).collect()
    }

    pub(super) fn check(
        &self,
        issuer: &str,
        client: &str,
        scopes: &[String],
        now: SystemTime,
    ) -> Result<(), InvalidToken> {
        let scope = self.text("scope").split(' ').any(|scope| scopes.iter().any(|accepted| accepted == scope));
        for (name, is_valid) in [
            ("iss", self.text("iss") == issuer),
            ("client_id", self.text("client_id") == client),
            ("token_use", self.text("token_use") == "access"),
            ("sub", !self.subject().is_empty()),
            ("scope", scope),
            ("exp", self.0.get("exp").is_some_and(Value::is_u64)),
        ] {
            if !is_valid {
                return Err(InvalidToken::Claim(name));
            }
        }
        match self.0.get("exp").and_then(Value::as_u64) {
            Some(end) if end > epoch_seconds(now) => Ok(()),
            _ => Err(InvalidToken::Expired),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

pub(super) fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn as_string(name: &str, value: &Value) -> String {
    let date = value.as_i64().filter(|_| name == "exp" || name == "iat").and_then(java_date);
    date.unwrap_or_else(|| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// `Sun Nov 22 19:35:02 UTC 2026`
fn java_date(seconds: i64) -> Option<String> {
    let form = format_description!("[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year]");
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(form).ok()
}
