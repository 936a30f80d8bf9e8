//! Rollbar's access tokens, their scopes, and where a call carries one.

use serde_json::Value;

use crate::Secret;
use crate::handler::Call;

/// The scope of a token (docs.rollbar.com, "API overview").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `post_server_item`: posts items and deploys.
    PostServerItem,
    /// `post_client_item`: posts items of client platforms.
    PostClientItem,
    /// `read`: GET calls.
    Read,
    /// `write`: changes items.
    Write,
}

/// A token that the fake accepts.
#[derive(Debug, Clone)]
pub struct RollbarToken {
    /// The token.
    pub text: Secret,
    /// Its scope.
    pub scope: Scope,
    /// Whether it is disabled in the project's settings.
    pub disabled: bool,
    /// The name of its project.
    pub project: String,
}

/// The token of `cargo local`. It has no value outside of the fakes.
const LOCAL: &str = "0000000000000000000000000000crud";

impl RollbarToken {
    /// Creates a token of the project `crudder`.
    pub fn new(text: impl Into<String>, scope: Scope) -> Self {
        Self { text: Secret::new(text), scope, disabled: false, project: "crudder".into() }
    }

    /// Returns the token for posting items that the default configuration accepts.
    #[must_use]
    pub fn local() -> Self {
        Self::new(LOCAL, Scope::PostServerItem)
    }
}

/// The platforms whose items a token with the scope `post_client_item` may post.
const CLIENT_PLATFORMS: [&str; 5] = ["browser", "android", "ios", "flash", "client"];

impl Scope {
    /// Returns whether a token may post an item with this `data`.
    pub(super) fn may_post(self, data: &Value) -> bool {
        match self {
            Self::PostServerItem => true,
            Self::PostClientItem => {
                data["platform"].as_str().is_some_and(|platform| CLIENT_PLATFORMS.contains(&platform))
            }
            Self::Read | Self::Write => false,
        }
    }
}

/// Returns the token of a call: from the header, the body's `access_token` or the deprecated query.
pub(super) fn sent_token(call: &Call, body: Option<&Value>) -> Option<String> {
    let header = call.header("x-rollbar-access-token").map(str::to_owned);
    let legacy = || body.and_then(|body| body["access_token"].as_str()).map(str::to_owned);
    header.or_else(legacy).or_else(|| query_token(call)).filter(|token| !token.is_empty())
}

/// Returns the token in the query, which is deprecated.
pub(super) fn query_token(call: &Call) -> Option<String> {
    let pairs = call.uri.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == "access_token")
        .map(|(_, token)| token.to_owned())
}
