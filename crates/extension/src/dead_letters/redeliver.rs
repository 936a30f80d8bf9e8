//! Redelivers complete dead letters, one at a time, to the destinations that they were meant for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::reassemble::DeadLetter;
use crate::aws::{AwsConfig, KeySource, fetch_key};
use crate::config::Config;
use crate::exporters::{self, Access, Credentials, ExportResult, Exporter, Payload, gunzip};

/// A destination that throttles this often is down.
const MAX_TRIES: usize = 5;
/// The pause after a failure without a `Retry-After`.
const PAUSE: Duration = Duration::from_secs(1);
/// A longer pause would look like a hang at a terminal.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// After this many dead letters in a row without a response, the destination is not tried again:
/// each takes seconds.
const MAX_WITHOUT_RESPONSE: u32 = 3;

/// Why a dead letter could not be delivered. No variant prints a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undelivered {
    /// No destination has this name.
    #[error("unknown destination {0:?}")]
    UnknownDestination(String),
    /// The payload is damaged, or too large for a dead letter.
    #[error("its payload is not gzip, or unpacks to more than 32 MB")]
    Damaged,
    /// No key is configured.
    #[error("no key is set: export {variable}")]
    NoKey {
        /// The variable that should hold the key.
        variable: &'static str,
    },
    /// The key is stored in AWS and could not be fetched.
    #[error("{variable}: {message}")]
    KeyUnfetched {
        /// The variable that names where the key is stored.
        variable: &'static str,
        /// The cause.
        message: String,
    },
    /// The destination does not accept the key.
    #[error("the key is refused with {status}: check {variable}")]
    KeyRefused {
        /// The variable that holds the key.
        variable: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The destination will never accept this dead letter.
    #[error("it is refused with {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The destination accepted a part, and does not want the rest again.
    #[error("{rejected} of its items were rejected: {message}")]
    Rejected {
        /// The number of rejected items.
        rejected: u64,
        /// The destination's message.
        message: String,
    },
    /// No response came.
    #[error("no response, so it may have been accepted: {message}")]
    NoResponse {
        /// The error of the HTTP client.
        message: String,
    },
    /// The destination throttled too often.
    #[error("the destination is down or throttles for too long; try again later")]
    Unavailable,
}

impl Undelivered {
    /// Returns whether the destination's decision is final: to send the dead letter again can't
    /// help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

/// Redelivers dead letters. It fetches each key once, and stops sending to a destination that is
/// down.
#[derive(Debug)]
pub struct Redeliverer {
    config: Config,
    client: reqwest::Client,
    keys: BTreeMap<&'static str, Result<ApiKey, Undelivered>>,
    silences: BTreeMap<&'static str, u32>,
    given_up: BTreeMap<&'static str, Undelivered>,
}

/// A key in clear.
#[derive(Clone)]
struct ApiKey(String);

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

impl Redeliverer {
    /// Creates a redeliverer to the destinations of `config`.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            client: exporters::client(),
            keys: BTreeMap::new(),
            silences: BTreeMap::new(),
            given_up: BTreeMap::new(),
        }
    }

    /// Returns whether requests to the destination are signed with AWS credentials.
    #[must_use]
    pub fn needs_aws_credentials(&self, destination: &str) -> bool {
        self.exporter(destination).is_some_and(|exporter| matches!(exporter.credentials(), Credentials::Aws))
    }

    fn exporter(&self, destination: &str) -> Option<&Arc<dyn Exporter>> {
        self.config.exporters.iter().find(|exporter| exporter.name() == destination)
    }

    /// Returns the configuration that AWS requests are signed with.
    #[must_use]
    pub fn aws(&self) -> &AwsConfig {
        &self.config.aws
    }

    /// Signs later AWS requests with `aws`.
    pub fn set_aws(&mut self, aws: AwsConfig) {
        self.config.aws = aws;
    }

    /// Delivers a dead letter. Waits and tries again if the destination throttles.
    ///
    /// # Errors
    /// Why it could not be delivered.
    pub async fn deliver(&mut self, dead_letter: &DeadLetter) -> Result<(), Undelivered> {
        let unknown = || Undelivered::UnknownDestination(dead_letter.destination.clone());
        let exporter = Arc::clone(self.exporter(&dead_letter.destination).ok_or_else(unknown)?);
        if let Some(error) = self.given_up.get(exporter.name()) {
            return Err(error.clone());
        }
        if gunzip(&dead_letter.packed).is_none() {
            return Err(Undelivered::Damaged);
        }
        let payload = exporter.restore(dead_letter.packed.clone()).ok_or(Undelivered::Damaged)?;
        let key = self.key(exporter.as_ref()).await?;
        let access = Access { client: &self.client, api_key: &key.0, aws: &self.config.aws };
        let sent = send(exporter.as_ref(), &payload, access).await;
        self.note_failure(exporter.name(), sent.as_ref().err());
        sent
    }

    fn note_failure(&mut self, destination: &'static str, error: Option<&Undelivered>) {
        let silences = self.silences.entry(destination).or_default();
        *silences = if matches!(error, Some(Undelivered::NoResponse { .. })) { *silences + 1 } else { 0 };
        let is_lasting = matches!(error, Some(Undelivered::KeyRefused { .. } | Undelivered::Unavailable))
            || *silences >= MAX_WITHOUT_RESPONSE;
        if let Some(error) = error.filter(|_| is_lasting) {
            self.given_up.insert(destination, error.clone());
        }
    }

    async fn key(&mut self, exporter: &dyn Exporter) -> Result<ApiKey, Undelivered> {
        if let Some(known) = self.keys.get(exporter.name()) {
            return known.clone();
        }
        let variable = exporter.key_variable();
        let source = match exporter.credentials() {
            Credentials::ApiKey(source) => source,
            Credentials::Aws => (!self.config.aws.access_key_id.is_empty()).then(|| KeySource::Value(String::new())),
        };
        let found = match source {
            Some(source) => fetch_key(source, self.config.aws.clone(), self.client.clone())
                .await
                .map(ApiKey)
                .map_err(|error| Undelivered::KeyUnfetched { variable, message: error.to_string() }),
            None => Err(Undelivered::NoKey { variable }),
        };
        self.keys.insert(exporter.name(), found.clone());
        found
    }
}

async fn send(exporter: &dyn Exporter, payload: &Payload, access: Access<'_>) -> Result<(), Undelivered> {
    for attempt in 1..=MAX_TRIES {
        let pause = match exporter.send(payload, access).await {
            ExportResult::Accepted { rejected: 0, .. } => return Ok(()),
            ExportResult::Accepted { rejected, message } => return Err(Undelivered::Rejected { rejected, message }),
            ExportResult::Throttled { retry_after } => retry_after.unwrap_or(PAUSE),
            ExportResult::ServerError => PAUSE,
            ExportResult::Rejected { status, .. } => return Err(Undelivered::Refused { status }),
            ExportResult::Unauthorized { status } => {
                return Err(Undelivered::KeyRefused { variable: exporter.key_variable(), status });
            }
            ExportResult::NoResponse { message } => return Err(Undelivered::NoResponse { message }),
        };
        if attempt < MAX_TRIES {
            tokio::time::sleep(pause.min(MAX_PAUSE)).await;
        }
    }
    Err(Undelivered::Unavailable)
}
