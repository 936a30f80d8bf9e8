//! The configuration of the fake of Secrets Manager and SSM.

use std::time::SystemTime;

use crate::{AwsCredentials, Clock, Secret};

/// Configures the fake of Secrets Manager and of SSM Parameter Store.
#[derive(Debug, Clone)]
pub struct SecretsConfig {
    /// The credentials that calls must be signed with. With `None` the fake checks only the form of
    /// a signature.
    pub credentials: Option<AwsCredentials>,
    /// Secrets by name or ARN, for `GetSecretValue`.
    pub secrets: Vec<(String, Secret)>,
    /// Parameters by name or ARN, for `GetParameter`.
    pub parameters: Vec<(String, Secret)>,
    /// The clock for checks of signatures and for dates in responses.
    pub clock: Clock,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { credentials: None, secrets: Vec::new(), parameters: Vec::new(), clock: SystemTime::now }
    }
}
