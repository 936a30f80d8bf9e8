//! The fake of Secrets Manager and SSM Parameter Store: `GetSecretValue` and `GetParameter`.

mod config;
mod handler;
mod store;

use std::io;

use crate::FakeServer;

pub use config::SecretsConfig;
pub use handler::SecretsHandler;
pub use store::SecretsStore;

/// A running fake of both services. The header `X-Amz-Target` names the service and the action.
pub type Secrets = FakeServer<SecretsHandler>;

impl Secrets {
    /// Starts a fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Returns the error of the operating system if no port can be opened.
    pub async fn start(config: SecretsConfig) -> io::Result<Self> {
        let clock = config.clock;
        Self::launch(SecretsHandler::new(config), SecretsStore::default(), clock)
    }
}
