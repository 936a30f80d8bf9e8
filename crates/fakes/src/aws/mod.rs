//! The fake of the AWS APIs that `crudder doctor` and `crudder trace` call for a deployed stack.
//!
//! It serves API Gateway's stage with the requests of the API, X-Ray's read API, CloudWatch Logs,
//! CloudFormation, API Gateway's account and Lambda's configurations. The formats come from
//! botocore's models of these services and from their API references.

mod cloudformation;
mod config;
mod functions;
mod handler;
mod logs;
mod protocol;
mod store;
mod xray;

use std::io;

use crate::FakeServer;

pub use config::AwsConfig;
pub use handler::AwsHandler;
pub use store::AwsStore;

/// A running fake of AWS.
pub type Aws = FakeServer<AwsHandler>;

impl Aws {
    /// Starts a fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns the error of the operating system if no port can be opened.
    pub async fn start(config: AwsConfig) -> io::Result<Self> {
        let clock = config.clock;
        Self::launch(AwsHandler::new(config), AwsStore::default(), clock)
    }
}
