//! The configuration of Rollbar's fake.

use std::time::SystemTime;

use super::token::RollbarToken;
use crate::config::{Clock, DEFAULT_BYTES_KEPT};

/// Configures the fake of Rollbar.
#[derive(Debug, Clone)]
pub struct RollbarConfig {
    /// Capacity of the store in bytes. The oldest items are evicted first.
    pub bytes_kept: usize,
    /// The tokens that the fake accepts. It answers 403 to any other token.
    pub tokens: Vec<RollbarToken>,
    /// Calls per token and minute before the fake answers 429. Rollbar's system limit is about
    /// 5,000 (docs.rollbar.com, "Rate limits").
    pub calls_per_minute: u32,
    /// The clock of the rate limit and of the timestamp checks.
    pub clock: Clock,
}

impl Default for RollbarConfig {
    fn default() -> Self {
        Self {
            bytes_kept: DEFAULT_BYTES_KEPT,
            tokens: vec![RollbarToken::local()],
            calls_per_minute: 5_000,
            clock: SystemTime::now,
        }
    }
}
