//! AWS calls: X-Ray through its SDK, other services by signed HTTP requests.

mod client;
mod error;
mod functions;
mod gateway;
mod logs;
mod signed_call;
mod stack;
mod xray;

pub(crate) use client::Aws;
pub(crate) use error::AwsError;
pub(crate) use functions::{Function, KeyMatch};
pub(crate) use logs::LogGroup;
pub(crate) use stack::Stack;
<<<<<<< HEAD
pub(crate) use xray::{Destination, Group, Rule, Traces};

/// A call with its retries; nobody waits at a terminal for longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// AWS's own figure: the first try and two more.
const TRIES: u32 = 3;

/// Credentials, a region, and clients that use them.
pub(crate) struct Aws {
    sdk: SdkConfig,
    xray: aws_sdk_xray::Client,
    client: Client,
    region: String,
    config: Config,
}

impl Aws {
    /// Takes credentials and region as the AWS CLI does; `region` goes before what the environment says.
    ///
    /// # Errors
    /// When there is no region, or nothing to sign with.
    pub(crate) async fn load(config: &Config, region: Option<&str>) -> Result<Self, AwsFault> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build());
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let sdk = loader.load().await;
        let region = sdk.region().map(ToString::to_string).ok_or(AwsFault::NoRegion)?;
        let provider = sdk.credentials_provider().ok_or_else(|| AwsFault::NoCredentials(String::new()))?;
        // Asked for once before any call, so that what is missing is said once and plainly.
        provider.provide_credentials().await.map_err(|error| AwsFault::no_credentials(&error))?;
        let xray = aws_sdk_xray::Client::new(&sdk);
        Ok(Self { sdk, xray, client: Client::new(), region, config: config.clone() })
    }

    /// What the layer's own signer needs, with the addresses that `base` names.
    ///
    /// # Errors
    /// When there is nothing to sign with.
    pub(crate) async fn signing(&self, mut base: AwsConfig) -> Result<AwsConfig, AwsFault> {
        let provider = self.sdk.credentials_provider().ok_or_else(|| AwsFault::NoCredentials(String::new()))?;
        let found = provider.provide_credentials().await.map_err(|error| AwsFault::no_credentials(&error))?;
        self.region.clone_into(&mut base.region);
        found.access_key_id().clone_into(&mut base.access_key_id);
        found.secret_access_key().clone_into(&mut base.secret_access_key);
        base.session_token = found.session_token().unwrap_or_default().to_owned();
        Ok(base)
    }

    /// The region that is asked.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }
}
=======
pub(crate) use xray::{Group, SamplingRule, SegmentDestination, TraceDocuments};
>>>>>>> h/cli
