//! Fakes of AWS, Honeycomb and Rollbar, and the variables that point the command to them.

use crudder_fakes::{
    Aws, AwsConfig, AwsCredentials, Honeycomb, HoneycombConfig, HoneycombKey, Rollbar, RollbarConfig, RollbarToken,
    Scope, Secret,
};

use crate::support::{READ_TOKEN, SECRET};

/// The access key ID that the fake of AWS accepts.
const ID: &str = "AKIAIOSFODNN7NOTREAL";

pub(crate) struct FakeCloud {
    pub(crate) aws: Aws,
    pub(crate) honeycomb: Honeycomb,
    pub(crate) rollbar: Rollbar,
}

pub(crate) type Variables = Vec<(&'static str, String)>;

impl FakeCloud {
    /// Starts a stack without problems and lets `change` introduce some. The fake of AWS checks
    /// signatures.
    pub(crate) async fn start(change: impl FnOnce(&mut AwsConfig)) -> Self {
        let mut config = AwsConfig { credentials: Some(credentials()), ..AwsConfig::default() };
        change(&mut config);
        let mut rollbar = RollbarConfig::default();
        rollbar.tokens.push(RollbarToken::new(READ_TOKEN, Scope::Read));
        Self {
            aws: Aws::start(config).await.unwrap(),
            honeycomb: Honeycomb::start(HoneycombConfig::default()).await.unwrap(),
            rollbar: Rollbar::start(rollbar).await.unwrap(),
        }
    }

    /// Returns the variables with AWS credentials, and no key of Honeycomb or Rollbar.
    pub(crate) fn aws_variables(&self) -> Variables {
        vec![
            ("AWS_ENDPOINT_URL", self.aws.url()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// Returns the variables with AWS credentials and all addresses, and `more`.
    pub(crate) fn variables(&self, more: &[(&'static str, &str)]) -> Variables {
        let mut variables = self.aws_variables();
        variables.push(("HONEYCOMB_API_ENDPOINT", self.honeycomb.url()));
        variables.push(("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", self.rollbar.url())));
        variables.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        variables
    }
}

/// Returns the key and the token that the fakes of Honeycomb and Rollbar accept.
pub(crate) fn valid_keys() -> (String, String) {
    (HoneycombKey::local().text.reveal().to_owned(), RollbarToken::local().text.reveal().to_owned())
}

/// The credentials that the fake of AWS accepts.
pub(crate) fn credentials() -> AwsCredentials {
    AwsCredentials { id: ID.to_owned(), secret: Secret::new(SECRET) }
}
