//! All fakes at once, as `cargo local` needs them.

use std::io;

use crate::{FakesConfig, Honeycomb, Rollbar, Secrets, XrayApi, XrayDaemon};

/// Every vendor, each on a port of its own.
#[derive(Debug)]
pub struct Fakes {
    /// OTLP traces, `/1/auth`.
    pub honeycomb: Honeycomb,
    /// Items.
    pub rollbar: Rollbar,
    /// X-Ray's daemon, by UDP.
    pub xray: XrayDaemon,
    /// X-Ray's `PutTraceSegments`.
    pub xray_api: XrayApi,
    /// Secrets Manager and SSM.
    pub secrets: Secrets,
}

impl Fakes {
    /// Starts all.
    ///
    /// # Errors
    /// What the operating system says when a port is not to be had.
    pub async fn start(config: FakesConfig) -> io::Result<Self> {
        Ok(Self {
            honeycomb: Honeycomb::start(config.honeycomb).await?,
            rollbar: Rollbar::start(config.rollbar).await?,
            xray: XrayDaemon::start(config.xray.clone()).await?,
            xray_api: XrayApi::start(config.xray).await?,
            secrets: Secrets::start(config.secrets).await?,
        })
    }

    /// Ends all; what they kept goes with them.
    pub async fn stop(self) {
        self.honeycomb.stop().await;
        self.rollbar.stop().await;
        self.xray.stop().await;
        self.xray_api.stop().await;
        self.secrets.stop().await;
    }
}
