//! Delivers whole dead letters, one at a time, to the vendors that they were meant for.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::answer::Answer;
use crate::config::{AwsConfig, Config};
use crate::courier::{self, Parcel};
use crate::keys::{self, KeySource};
use crate::letters;
use crate::mailbag::DeadLetter;
use crate::outbox::parcel_of;
use crate::vendor::Vendor;

/// A vendor that says "later" so often is down.
const TRIES: usize = 5;
/// A pause that a vendor does not name.
const PAUSE: Duration = Duration::from_secs(1);
/// Nobody waits at a terminal for longer than this between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A vendor that did not answer so many letters in a row is not asked again: each silence takes seconds.
const SILENCES: u32 = 3;

/// Why a letter could not be delivered. None of these prints a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// No vendor of ours has this name.
    #[error("no vendor of ours is called {0:?}")]
    Stranger(String),
    /// The payload is damaged, or too large to be one of ours.
    #[error("its payload is no gzip, or unpacks to more than any letter of ours")]
    Unfit,
    /// There is no key for the vendor.
    #[error("no key is set: export {variable}")]
    NoKey {
        /// The variable that would hold it.
        variable: &'static str,
    },
    /// The key is kept elsewhere and could not be fetched.
    #[error("{variable}: {words}")]
    KeyUnfetched {
        /// The variable that names where it is kept.
        variable: &'static str,
        /// What went wrong.
        words: String,
    },
    /// The vendor does not take the key.
    #[error("the key is refused with {status}: see to {variable}")]
    KeyRefused {
        /// The variable that holds it.
        variable: &'static str,
        /// HTTP status.
        status: u16,
    },
    /// The vendor will never take this letter.
    #[error("it is refused with {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The vendor took it in part, and does not want the rest again.
    #[error("{rejected} of it were rejected: {words}")]
    Rejected {
        /// How many.
        rejected: u64,
        /// The vendor's words.
        words: String,
    },
    /// Nothing came back.
    #[error("no answer, so it may have been taken: {words}")]
    Silent {
        /// What the network said.
        words: String,
    },
    /// The vendor said "later" too often.
    #[error("the vendor is down, or limits us for longer than one waits")]
    Down,
}

impl Undelivered {
    /// Whether the vendor has spoken its last word on this letter: sending it once more can't help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

/// Takes letters to the vendors that `config` names. Knows each key once it has been fetched, and no longer asks a vendor that is down.
#[derive(Debug)]
pub struct Redeliverer {
    config: Config,
    client: reqwest::Client,
    keys: BTreeMap<&'static str, Result<Key, Undelivered>>,
    silences: BTreeMap<&'static str, u32>,
    closed: BTreeMap<&'static str, Undelivered>,
}

/// A key in clear.
#[derive(Clone)]
struct Key(String);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Redeliverer {
    /// One who has not fetched any key yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            client: courier::client(),
            keys: BTreeMap::new(),
            silences: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// What AWS's calls are signed with.
    #[must_use]
    pub fn aws(&self) -> &AwsConfig {
        &self.config.aws
    }

    /// Signs AWS's calls with these from now on.
    pub fn set_aws(&mut self, aws: AwsConfig) {
        self.config.aws = aws;
    }

    /// Delivers a letter; waits and tries again where the vendor asks for it.
    ///
    /// # Errors
    /// Why it could not be delivered.
    pub async fn deliver(&mut self, letter: &DeadLetter) -> Result<(), Undelivered> {
        let vendor = Vendor::ALL.into_iter().find(|vendor| letters::name(*vendor) == letter.destination);
        let vendor = vendor.ok_or_else(|| Undelivered::Stranger(letter.destination.clone()))?;
        let name = letters::name(vendor);
        if let Some(why) = self.closed.get(name) {
            return Err(why.clone());
        }
        if letters::unpack(&letter.packed).is_none() {
            return Err(Undelivered::Unfit);
        }
        let parcel = parcel_of(vendor, letter.packed.clone()).ok_or(Undelivered::Unfit)?;
        let key = self.key(vendor).await?;
        let sent = send(vendor, &parcel, &key.0, &self.config, &self.client).await;
        self.learn(name, sent.as_ref().err());
        sent
    }

    fn learn(&mut self, vendor: &'static str, why: Option<&Undelivered>) {
        let silences = self.silences.entry(vendor).or_default();
        *silences = if matches!(why, Some(Undelivered::Silent { .. })) { *silences + 1 } else { 0 };
        let is_lasting =
            matches!(why, Some(Undelivered::KeyRefused { .. } | Undelivered::Down)) || *silences >= SILENCES;
        if let Some(why) = why.filter(|_| is_lasting) {
            self.closed.insert(vendor, why.clone());
        }
    }

    async fn key(&mut self, vendor: Vendor) -> Result<Key, Undelivered> {
        let name = letters::name(vendor);
        if let Some(known) = self.keys.get(name) {
            return known.clone();
        }
        let variable = variable_of(vendor);
        let found = match key_of(vendor, &self.config) {
            Some(source) => keys::resolve(source, self.config.aws.clone(), self.client.clone())
                .await
                .map(Key)
                .map_err(|why| Undelivered::KeyUnfetched { variable, words: why.to_string() }),
            None => Err(Undelivered::NoKey { variable }),
        };
        self.keys.insert(name, found.clone());
        found
    }
}

fn variable_of(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Honeycomb => "HONEYCOMB_API_KEY",
        Vendor::Rollbar => "ROLLBAR_ACCESS_TOKEN",
        Vendor::XRay => "AWS_ACCESS_KEY_ID",
    }
}

fn key_of(vendor: Vendor, config: &Config) -> Option<KeySource> {
    match vendor {
        Vendor::Honeycomb => config.honeycomb.key.clone(),
        Vendor::Rollbar => config.rollbar.token.clone(),
        Vendor::XRay => (!config.aws.access_key_id.is_empty()).then(|| KeySource::Value(String::new())),
    }
}

async fn send(
    vendor: Vendor,
    parcel: &Parcel,
    key: &str,
    config: &Config,
    client: &reqwest::Client,
) -> Result<(), Undelivered> {
    for attempt in 1..=TRIES {
        let pause = match courier::carry(vendor, parcel.clone(), key, config, client.clone()).await {
            Answer::Taken { rejected: 0, .. } => return Ok(()),
            Answer::Taken { rejected, words } => return Err(Undelivered::Rejected { rejected, words }),
            Answer::Later { after } => after.unwrap_or(PAUSE),
            Answer::Broken => PAUSE,
            Answer::Never { status, .. } => return Err(Undelivered::Refused { status }),
            Answer::KeyRefused { status } => {
                return Err(Undelivered::KeyRefused { variable: variable_of(vendor), status });
            }
            Answer::Silent { words } => return Err(Undelivered::Silent { words }),
        };
        if attempt < TRIES {
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
    }
    Err(Undelivered::Down)
}
