//! Credentials, a region and the clients that use them.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use crudder_extension::AwsConfig;

use super::error::AwsError;
use crate::config::Config;
use crate::http::HttpClient;

/// For a call with its retries: longer than a user waits at a terminal.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);
/// The default of the AWS SDKs: the first attempt and two retries.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// A client of the AWS services that the commands read.
pub(crate) struct Aws {
    sdk: SdkConfig,
    pub(super) xray: aws_sdk_xray::Client,
    pub(super) http: HttpClient,
    region: String,
    pub(super) config: Config,
}

impl Aws {
    /// Loads credentials and region from the same settings as the AWS CLI.
    ///
    /// `region` overrides the region of the settings.
    ///
    /// # Errors
    /// If there is no region or there are no credentials.
    pub(crate) async fn load(config: &Config, region: Option<&str>) -> Result<Self, AwsError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
            .timeout_config(TimeoutConfig::builder().operation_timeout(OPERATION_TIMEOUT).build());
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let sdk = loader.load().await;
        let region = sdk.region().map(ToString::to_string).ok_or(AwsError::NoRegion)?;
        let xray = aws_sdk_xray::Client::new(&sdk);
        let aws = Self { sdk, xray, http: HttpClient::new(), region, config: config.clone() };
        // Loaded before the first call, so that missing credentials are one clear error.
        aws.credentials().await?;
        Ok(aws)
    }

    /// Returns `base` with this client's region and credentials, for the extension's own signer.
    ///
    /// # Errors
    /// If there are no credentials.
    pub(crate) async fn extension_config(&self, mut base: AwsConfig) -> Result<AwsConfig, AwsError> {
        let credentials = self.credentials().await?;
        self.region.clone_into(&mut base.region);
        credentials.access_key_id().clone_into(&mut base.access_key_id);
        credentials.secret_access_key().clone_into(&mut base.secret_access_key);
        base.session_token = credentials.session_token().unwrap_or_default().to_owned();
        Ok(base)
    }

    pub(super) async fn credentials(&self) -> Result<Credentials, AwsError> {
        let provider = self.sdk.credentials_provider().ok_or_else(|| AwsError::NoCredentials(String::new()))?;
        provider.provide_credentials().await.map_err(|error| AwsError::from_credentials(&error))
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }
}
