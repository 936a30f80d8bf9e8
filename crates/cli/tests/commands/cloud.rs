//! AWS's fake, Honeycomb's and Rollbar's, and the variables by which the command finds them.

use crudder_fakes::{
    Aws, AwsConfig, AwsCredentials, Honeycomb, HoneycombConfig, HoneycombKey, Rollbar, RollbarConfig, RollbarToken,
    Scope, Secret,
};

use crate::support::{READ_TOKEN, SECRET};

/// Who may sign.
const ID: &str = "AKIAIOSFODNN7NOTREAL";

pub(crate) struct Cloud {
    pub(crate) aws: Aws,
    pub(crate) honeycomb: Honeycomb,
    pub(crate) rollbar: Rollbar,
}

pub(crate) type Variables = Vec<(&'static str, String)>;

impl Cloud {
    /// A stack that is well, but for what `spoil` does to it. Signatures are checked.
    pub(crate) async fn start(spoil: impl FnOnce(&mut AwsConfig)) -> Self {
        let mut config = AwsConfig { credentials: Some(credentials()), ..AwsConfig::default() };
        spoil(&mut config);
        let mut rollbar = RollbarConfig::default();
        rollbar.tokens.push(RollbarToken::new(READ_TOKEN, Scope::Read));
        Self {
            aws: Aws::start(config).await.unwrap(),
            honeycomb: Honeycomb::start(HoneycombConfig::default()).await.unwrap(),
            rollbar: Rollbar::start(rollbar).await.unwrap(),
        }
    }

    /// AWS's credentials, and no key of a vendor.
    pub(crate) fn signed(&self) -> Variables {
        vec![
            ("AWS_ENDPOINT_URL", self.aws.url()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// Credentials and addresses, and these more.
    pub(crate) fn with(&self, more: &[(&'static str, &str)]) -> Variables {
        let mut variables = self.signed();
        variables.push(("HONEYCOMB_API_ENDPOINT", self.honeycomb.url()));
        variables.push(("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", self.rollbar.url())));
        variables.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        variables
    }
}

/// The key and the token that the fakes know.
pub(crate) fn known() -> (String, String) {
    (HoneycombKey::local().text.reveal().to_owned(), RollbarToken::local().text.reveal().to_owned())
}

/// Who may sign.
pub(crate) fn credentials() -> AwsCredentials {
    AwsCredentials { id: ID.to_owned(), secret: Secret::new(SECRET) }
}
