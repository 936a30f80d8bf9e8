//! Rollbar's tokens and what they may do.

use serde_json::Value;

use crate::Secret;
use crate::handler::Call;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `post_server_item`: posts items and deploys.
    PostServerItem,
    /// `post_client_item`: posts items of client platforms only.
    PostClientItem,
    /// `read`: GETs.
    Read,
    /// `write`: changes items.
    Write,
}

/// A token that the fake knows.
#[derive(Debug, Clone)]
pub struct RollbarToken {
    /// The token.
    pub text: Secret,
    /// What it is good for.
    pub scope: Scope,
    /// Switched off in the project's settings.
    pub disabled: bool,
    /// The project it belongs to.
    pub project: String,
}

/// The token of one machine: worth nothing anywhere else.
const LOCAL: &str = "0000000000000000000000000000crud";

impl RollbarToken {
    /// A token of the project `crudder`.
    pub fn new(text: impl Into<String>, scope: Scope) -> Self {
        Self { text: Secret::new(text), scope, disabled: false, project: "crudder".into() }
    }

    /// The posting token that the default configuration accepts.
    #[must_use]
    pub fn local() -> Self {
        Self::new(LOCAL, Scope::PostServerItem)
    }
}

/// Platforms that a client's token may post for.
const CLIENTS: [&str; 5] = ["browser", "android", "ios", "flash", "client"];

impl Scope {
    /// Whether an item of this platform may be posted.
    pub(super) fn may_post(self, data: &Value) -> bool {
        match self {
            Self::PostServerItem => true,
            Self::PostClientItem => data["platform"].as_str().is_some_and(|platform| CLIENTS.contains(&platform)),
            Self::Read | Self::Write => false,
        }
    }
}

/// The token of a call: the header, the body's `access_token`, or the deprecated query.
pub(super) fn sent(call: &Call, body: Option<&Value>) -> Option<String> {
    let header = call.header("x-rollbar-access-token").map(str::to_owned);
    let legacy = || body.and_then(|body| body["access_token"].as_str()).map(str::to_owned);
    header.or_else(legacy).or_else(|| in_query(call)).filter(|token| !token.is_empty())
}

/// The deprecated place for a token.
pub(super) fn in_query(call: &Call) -> Option<String> {
    let pairs = call.uri.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == "access_token")
        .map(|(_, token)| token.to_owned())
}
