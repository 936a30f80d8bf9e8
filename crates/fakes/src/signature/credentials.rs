//! AWS credentials.

use crate::Secret;

/// The credentials that a caller of AWS signs with.
#[derive(Debug, Clone)]
pub struct AwsCredentials {
    /// The access key id, as in the `Authorization` header.
    pub id: String,
    /// The secret access key.
    pub secret: Secret,
}
