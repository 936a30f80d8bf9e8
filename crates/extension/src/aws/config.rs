//! Region, credentials and endpoints of AWS services.

use crate::environment::Environment;

/// Region, credentials and endpoints of AWS services: API keys are kept in Secrets Manager or SSM,
/// and `PutTraceSegments` takes what the X-Ray daemon can't.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct AwsConfig {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`; empty if there is none.
    pub session_token: String,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, as the AWS SDKs read it.
    pub secrets_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`.
    pub ssm_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_XRAY`.
    pub xray_endpoint: Option<String>,
}

impl AwsConfig {
    pub(crate) fn read(environment: &Environment<'_>) -> Self {
        Self {
            region: environment.variable_or("AWS_REGION", "us-east-1"),
            access_key_id: environment.variable_or("AWS_ACCESS_KEY_ID", ""),
            secret_access_key: environment.variable_or("AWS_SECRET_ACCESS_KEY", ""),
            session_token: environment.variable_or("AWS_SESSION_TOKEN", ""),
            secrets_endpoint: environment.variable("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            ssm_endpoint: environment.variable("AWS_ENDPOINT_URL_SSM"),
            xray_endpoint: environment.variable("AWS_ENDPOINT_URL_XRAY"),
        }
    }
}

impl std::fmt::Debug for AwsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsConfig").field("region", &self.region).finish_non_exhaustive()
    }
}
