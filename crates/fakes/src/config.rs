//! What a fake is started with.

use std::time::SystemTime;

use crate::{HoneycombKey, Region, RollbarToken, Secret};

/// Where a fake takes the time from. Tests hand in a function that stands still.
pub type Clock = fn() -> SystemTime;

/// Each fake keeps this much unless told otherwise: some ten thousand spans, and small beside the rest of `cargo local`.
const BYTES_KEPT: usize = 16 * 1024 * 1024;

/// The fake of Honeycomb.
#[derive(Debug, Clone)]
pub struct HoneycombConfig {
    /// How many bytes of spans are kept; the oldest fall off.
    pub bytes_kept: usize,
    /// Keys that it knows; any other is answered 401.
    pub keys: Vec<HoneycombKey>,
    /// Where it stands; a key of the other region is not known here.
    pub region: Region,
    /// The time that span times and `Retry-After` dates are held against.
    pub clock: Clock,
}

impl Default for HoneycombConfig {
    fn default() -> Self {
        Self { bytes_kept: BYTES_KEPT, keys: vec![HoneycombKey::local()], region: Region::Us, clock: SystemTime::now }
    }
}

/// The fake of Rollbar.
#[derive(Debug, Clone)]
pub struct RollbarConfig {
    /// How many bytes of items are kept; the oldest fall off.
    pub bytes_kept: usize,
    /// Tokens that it knows; any other is answered 403.
    pub tokens: Vec<RollbarToken>,
    /// Calls a token may make in a minute before 429. Rollbar's own system limit is about 5,000.
    pub calls_per_minute: u32,
    /// The time that the rate limit's window is counted by.
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

/// What a caller of AWS signs with.
#[derive(Debug, Clone)]
pub struct AwsCredentials {
    /// The access key's id, as it stands in the `Authorization` header.
    pub id: String,
    /// The secret access key.
    pub secret: Secret,
}

/// The fake of the X-Ray daemon, and of X-Ray's API.
#[derive(Debug, Clone)]
pub struct XrayConfig {
    /// Whose signatures the API takes. With none, any that has the form of one.
    pub credentials: Option<AwsCredentials>,
    /// How many bytes of documents are kept; the oldest fall off.
    pub bytes_kept: usize,
    /// The time that document times are held against.
    pub clock: Clock,
}

impl Default for XrayConfig {
    fn default() -> Self {
        Self { credentials: None, bytes_kept: BYTES_KEPT, clock: SystemTime::now }
    }
}

/// The fake of Secrets Manager and of SSM's parameter store.
#[derive(Debug, Clone)]
pub struct SecretsConfig {
    /// Whose signatures are taken. With none, any that has the form of one.
    pub credentials: Option<AwsCredentials>,
    /// Secrets by name or ARN, for `GetSecretValue`.
    pub secrets: Vec<(String, Secret)>,
    /// Parameters by name or ARN, for `GetParameter`.
    pub parameters: Vec<(String, Secret)>,
    /// The time that answers are dated with.
    pub clock: Clock,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { credentials: None, secrets: Vec::new(), parameters: Vec::new(), clock: SystemTime::now }
    }
}

/// All of them at once.
#[derive(Debug, Clone, Default)]
pub struct FakesConfig {
    /// Honeycomb.
    pub honeycomb: HoneycombConfig,
    /// Rollbar.
    pub rollbar: RollbarConfig,
    /// The X-Ray daemon and X-Ray's API, each with a store of its own.
    pub xray: XrayConfig,
    /// Secrets Manager and SSM.
    pub secrets: SecretsConfig,
}
