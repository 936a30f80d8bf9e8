//! The configuration that each fake is started with.

use std::time::SystemTime;

use crate::{HoneycombKey, Region, RollbarToken, Secret};

/// The clock of a fake. Tests pass a function that always returns the same time.
pub type Clock = fn() -> SystemTime;

/// Default capacity of a store: about ten thousand spans, small beside the rest of `cargo local`.
const BYTES_KEPT: usize = 16 * 1024 * 1024;

/// Configures the fake of Honeycomb.
#[derive(Debug, Clone)]
pub struct HoneycombConfig {
    /// Capacity of the store in bytes. The oldest spans are evicted first.
    pub bytes_kept: usize,
    /// The keys that the fake accepts. It answers 401 to any other key.
    pub keys: Vec<HoneycombKey>,
    /// The region of the fake. A key of the other region is unknown here.
    pub region: Region,
    /// The clock for checks of span times and for `Retry-After` dates.
    pub clock: Clock,
}

impl Default for HoneycombConfig {
    fn default() -> Self {
        Self { bytes_kept: BYTES_KEPT, keys: vec![HoneycombKey::local()], region: Region::Us, clock: SystemTime::now }
    }
}

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
            bytes_kept: BYTES_KEPT,
            tokens: vec![RollbarToken::local()],
            calls_per_minute: 5_000,
            clock: SystemTime::now,
        }
    }
}

/// The credentials that a caller of AWS signs with.
#[derive(Debug, Clone)]
pub struct AwsCredentials {
    /// The access key id, as in the `Authorization` header.
    pub id: String,
    /// The secret access key.
    pub secret: Secret,
}

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
        Self { credentials: None, bytes_kept: BYTES_KEPT, clock: SystemTime::now }
    }
}

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

/// Configures all fakes of [`Fakes`](crate::Fakes).
#[derive(Debug, Clone, Default)]
pub struct FakesConfig {
    /// Honeycomb.
    pub honeycomb: HoneycombConfig,
    /// Rollbar.
    pub rollbar: RollbarConfig,
    /// The X-Ray daemon and the X-Ray API. Each has its own store.
    pub xray: XrayConfig,
    /// Secrets Manager and SSM.
    pub secrets: SecretsConfig,
}
