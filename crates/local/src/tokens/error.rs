//! Errors of tokens: of their key, and of a token in a request.

use std::path::PathBuf;

/// The key cannot be generated, stored or used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The system cannot generate a key.
    #[error("generate a key pair for tokens")]
    Key,
    /// The key file cannot be written or read.
    #[error("read or write the token key {path}: {cause}; check the permissions of the data folder")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        cause: std::io::Error,
    },
    /// The key file holds no key.
    #[error(
        "read the token key {0}: it is not an RSA key in PKCS#8; remove it, and the next start generates a new one"
    )]
    Damaged(PathBuf),
    /// The claims cannot be signed.
    #[error("sign a token")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// The claims lack the scope that the API requires: [`SCOPE`](crate::SCOPE).
    #[error("mint a token: its claims lack the scope that the API requires")]
    NoScope,
}

/// Why the authorizer rejects a request. The client gets the same 401 for each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// The header holds no token.
    #[error("authorize a request: it has no token")]
    Missing,
    /// The token has another form, algorithm, key or signature than this pool's.
    #[error("authorize a request: its token is not signed by this user pool")]
    Untrusted,
    /// The token has expired.
    #[error("authorize a request: its token has expired")]
    Expired,
    /// The claim of this name is missing or wrong.
    #[error("authorize a request: the claim {0} of its token is missing or wrong")]
    Claim(&'static str),
}
