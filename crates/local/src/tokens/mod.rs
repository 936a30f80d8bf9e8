//! Cognito on one machine: mints access tokens, and checks them as API Gateway's authorizer does.
//!
//! Source of the claims: "Using the access token" in the Amazon Cognito developer guide.

mod claims;
mod error;
mod key;

use std::path::Path;
use std::time::SystemTime;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::template::REGION;
pub use claims::Claims;
pub use error::{InvalidToken, TokensError};
use key::Key;

/// The scope of a user who signed in with a password. The API requires it.
pub const SCOPE: &str = "aws.cognito.signin.user.admin";

/// The user pool and the client of tokens on this machine: in Cognito's form, but not real ones.
const POOL: &str = "us-east-1_Crudder00";
const CLIENT: &str = "crudderlocal00000000000000";

/// The lifetime of an access token: Cognito's default, an hour.
const LIFETIME_S: u64 = 3_600;

/// Mints and checks access tokens.
pub struct Tokens {
    key: Key,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("key", &self.key.id).finish()
    }
}

impl Tokens {
    /// Opens the key in `folder`. The first call generates one, which takes part of a second.
    ///
    /// # Errors
    /// If the key cannot be generated, stored or read.
    pub fn open(folder: &Path) -> Result<Self, TokensError> {
        Ok(Self { key: Key::open(folder)? })
    }

    /// Returns `/.well-known/jwks.json`: the public key, with which any client can verify a token.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.key.public] })
    }

    /// Mints a token for the user with this `sub`, valid for an hour from `now`.
    ///
    /// # Errors
    /// If the token cannot be signed.
    pub fn mint(&self, subject: &str, now: SystemTime) -> Result<String, TokensError> {
        self.mint_claims(&access_claims(subject, now))
    }

    /// Mints a token with these claims.
    ///
    /// # Errors
    /// If the claims lack [`SCOPE`], or the token cannot be signed.
    pub fn mint_claims(&self, claims: &Map<String, Value>) -> Result<String, TokensError> {
        let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        if !scope.split(' ').any(|one| one == SCOPE) {
            return Err(TokensError::NoScope);
        }
        self.sign(claims)
    }

    /// Signs any claims, for tests of tokens that must be rejected.
    ///
    /// # Errors
    /// If the claims cannot be signed.
    pub fn sign(&self, claims: &Map<String, Value>) -> Result<String, TokensError> {
        let header = Header { kid: Some(self.key.id.clone()), typ: None, ..Header::new(Algorithm::RS256) };
        Ok(encode(&header, claims, &self.key.encoding)?)
    }

    /// Returns the claims of the token in an `Authorization` header, with or without `Bearer`
    /// before the token. The token must have one of the route's `scopes`.
    ///
    /// # Errors
    /// If API Gateway's authorizer would reject the token.
    pub fn check(&self, header: &[u8], scopes: &[String], now: SystemTime) -> Result<Claims, InvalidToken> {
        let token = token_of(header)?;
        let head = decode_header(token).map_err(|_| InvalidToken::Untrusted)?;
        if head.alg != Algorithm::RS256 || head.kid.as_deref() != Some(&self.key.id) {
            return Err(InvalidToken::Untrusted);
        }
        let mut validation = Validation::new(Algorithm::RS256);
        // This checks the signature only. The claims are checked below, against `now`.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = decode::<Map<String, Value>>(token, &self.key.decoding, &validation)
            .map_err(|_| InvalidToken::Untrusted)?
            .claims;
        let claims = Claims::new(claims);
        claims.check(&issuer(), CLIENT, scopes, now)?;
        Ok(claims)
    }
}

/// Returns the claims of an access token, as Cognito issues it at sign-in.
#[must_use]
pub fn access_claims(subject: &str, now: SystemTime) -> Map<String, Value> {
    let now = claims::epoch_seconds(now);
    let claims = json!({
        "sub": subject, "iss": issuer(), "client_id": CLIENT, "origin_jti": Uuid::new_v4(), "event_id": Uuid::new_v4(),
        "token_use": "access", "scope": SCOPE, "auth_time": now, "exp": now + LIFETIME_S, "iat": now, "jti": Uuid::new_v4(),
        // In a pool whose users sign in by e-mail address, Cognito uses the sub as username.
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

/// Returns the token without `Bearer`.
fn token_of(header: &[u8]) -> Result<&str, InvalidToken> {
    let text = std::str::from_utf8(header).map_err(|_| InvalidToken::Untrusted)?.trim();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    };
    if token.is_empty() || token.eq_ignore_ascii_case("bearer") { Err(InvalidToken::Missing) } else { Ok(token) }
}
