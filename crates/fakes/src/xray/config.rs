//! The configuration of X-Ray's fakes.

use std::time::SystemTime;

use crate::AwsCredentials;
use crate::config::{Clock, DEFAULT_BYTES_KEPT};

/// Configures the fakes of the X-Ray daemon and of the X-Ray API.
#[derive(Debug, Clone)]
pub struct XrayConfig {
    /// The credentials that calls to the API must be signed with. With `None` the fake checks only
    /// the form of a signature.
    pub credentials: Option<AwsCredentials>,
    /// Capacity of the store in bytes. The oldest documents are evicted first.
    pub bytes_kept: usize,
    /// The clock for checks of signatures and of document times.
    pub clock: Clock,
}

impl Default for XrayConfig {
    fn default() -> Self {
        Self { credentials: None, bytes_kept: DEFAULT_BYTES_KEPT, clock: SystemTime::now }
    }
}
