//! The set of fakes that `cargo local` and the integration tests start together.

use std::io;

use crate::{
    Honeycomb, HoneycombConfig, Rollbar, RollbarConfig, Secrets, SecretsConfig, XrayApi, XrayConfig, XrayDaemon,
};

/// Configures all fakes of [`Fakes`].
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

/// One running fake of each destination and of the key services, each on its own port.
#[derive(Debug)]
pub struct Fakes {
    /// Honeycomb: OTLP traces and `/1/auth`.
    pub honeycomb: Honeycomb,
    /// Rollbar: items.
    pub rollbar: Rollbar,
    /// The X-Ray daemon, over UDP.
    pub xray: XrayDaemon,
    /// The X-Ray API: `PutTraceSegments`.
    pub xray_api: XrayApi,
    /// Secrets Manager and SSM.
    pub secrets: Secrets,
}

impl Fakes {
    /// Starts all fakes.
    ///
    /// # Errors
    /// Returns the error of the operating system if a port cannot be opened.
    pub async fn start(config: FakesConfig) -> io::Result<Self> {
        Ok(Self {
            honeycomb: Honeycomb::start(config.honeycomb).await?,
            rollbar: Rollbar::start(config.rollbar).await?,
            xray: XrayDaemon::start(config.xray.clone()).await?,
            xray_api: XrayApi::start(config.xray).await?,
            secrets: Secrets::start(config.secrets).await?,
        })
    }

    /// Stops all fakes and drops their stores.
    pub async fn stop(self) {
        self.honeycomb.stop().await;
        self.rollbar.stop().await;
        self.xray.stop().await;
        self.xray_api.stop().await;
        self.secrets.stop().await;
    }
}
