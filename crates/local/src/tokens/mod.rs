//! Cognito on one machine: access tokens as it makes them, checked as API Gateway's authorizer checks them.
//! Source of the claims: "Using the access token" in the Amazon Cognito developer guide.

mod claims;
mod key;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::template::REGION;
pub use claims::Claims;
use key::Key;

/// The scope of whoever signed in with a password; the API asks for it.
pub const SCOPE: &str = "aws.cognito.signin.user.admin";

/// The pool and the client that tokens of this machine name: in Cognito's forms, but of nobody's pool.
const POOL: &str = "us-east-1_Crudder00";
const CLIENT: &str = "crudderlocal00000000000000";

/// Cognito's default life of an access token: an hour.
const LIFE_S: u64 = 3_600;

/// The key can't be made, kept, or used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The system gives no key.
    #[error("make a key pair for tokens")]
    Key,
    /// The file can't be written or read.
    #[error("keep the tokens' key in {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no key.
    #[error("read the tokens' key: {0} holds none; remove it, and a new one is made")]
    Damaged(PathBuf),
    /// The claims can't be signed.
    #[error("sign a token")]
    Unsignable(#[from] jsonwebtoken::errors::Error),
    /// A token that the API takes nowhere: see [`SCOPE`].
    #[error("mint a token without the scope {SCOPE}")]
    NoScope,
}

/// Why the authorizer does not take a header. To the client each is the same 401.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// There is none.
    #[error("take a request without a token")]
    Missing,
    /// It is no signed token of ours: another form, algorithm, key or signature.
    #[error("take a token that is not signed by this pool")]
    Untrusted,
    /// Its time is over.
    #[error("take an expired token")]
    Expired,
    /// The claim of this name is missing, or not what it must be.
    #[error("take a token whose {0} is not the one asked for")]
    Claim(&'static str),
}

/// Mints and checks.
pub struct Tokens {
    key: Key,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("key", &self.key.id).finish()
    }
}

impl Tokens {
    /// With the key kept in `folder`; the first time one is made, which takes part of a second.
    ///
    /// # Errors
    /// When the key can't be made, kept or read.
    pub fn open(folder: &Path) -> Result<Self, TokensError> {
        Ok(Self { key: Key::open(folder)? })
    }

    /// `/.well-known/jwks.json`: the public half, with which anybody can check a token.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.key.public] })
    }

    /// A token of the user whose `sub` this is, good for an hour from `now`.
    ///
    /// # Errors
    /// When it can't be signed.
    pub fn mint(&self, subject: &str, now: SystemTime) -> Result<String, TokensError> {
        self.mint_claims(&access_claims(subject, now))
    }

    /// A token with these claims.
    ///
    /// # Errors
    /// When the scope is missing that the API asks for, or it can't be signed.
    pub fn mint_claims(&self, claims: &Map<String, Value>) -> Result<String, TokensError> {
        let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        if !scope.split(' ').any(|one| one == SCOPE) {
            return Err(TokensError::NoScope);
        }
        self.sign(claims)
    }

    /// A token with any claims at all, for tests of what must be denied.
    ///
    /// # Errors
    /// When it can't be signed.
    pub fn sign(&self, claims: &Map<String, Value>) -> Result<String, TokensError> {
        let header = Header { kid: Some(self.key.id.clone()), typ: None, ..Header::new(Algorithm::RS256) };
        Ok(encode(&header, claims, &self.key.signs)?)
    }

    /// What the `Authorization` header says of the caller: the header is the token, with or without `Bearer` before it. `scopes` are those that the
    /// route takes; one of them is enough.
    ///
    /// # Errors
    /// When the authorizer would not take it.
    pub fn check(&self, header: &[u8], scopes: &[String], now: SystemTime) -> Result<Claims, InvalidToken> {
        let token = bare(header)?;
        let head = decode_header(token).map_err(|_| InvalidToken::Untrusted)?;
        if head.alg != Algorithm::RS256 || head.kid.as_deref() != Some(&self.key.id) {
            return Err(InvalidToken::Untrusted);
        }
        let mut form = Validation::new(Algorithm::RS256);
        // The claims are checked below, against our own clock; here only the signature.
        form.validate_exp = false;
        form.validate_aud = false;
        form.required_spec_claims.clear();
        let claims =
            decode::<Map<String, Value>>(token, &self.key.checks, &form).map_err(|_| InvalidToken::Untrusted)?.claims;
        let claims = Claims::new(claims);
        claims.check(&issuer(), CLIENT, scopes, now)?;
        Ok(claims)
    }
}

/// The claims of an access token, as Cognito makes it at sign-in.
#[must_use]
pub fn access_claims(subject: &str, now: SystemTime) -> Map<String, Value> {
    let now = claims::epoch_seconds(now);
    let claims = json!({
        "sub": subject, "iss": issuer(), "client_id": CLIENT, "origin_jti": Uuid::new_v4(), "event_id": Uuid::new_v4(),
        "token_use": "access", "scope": SCOPE, "auth_time": now, "exp": now + LIFE_S, "iat": now, "jti": Uuid::new_v4(),
        // Cognito's username is the sub itself in a pool whose users sign in by e-mail.
        "username": subject,
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

fn issuer() -> String {
    format!("https://cognito-idp.{REGION}.amazonaws.com/{POOL}")
}

fn bare(header: &[u8]) -> Result<&str, InvalidToken> {
    let text = std::str::from_utf8(header).map_err(|_| InvalidToken::Untrusted)?.trim();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    };
    if token.is_empty() || token.eq_ignore_ascii_case("bearer") { Err(InvalidToken::Missing) } else { Ok(token) }
}
