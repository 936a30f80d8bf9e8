//! Delivers dead letters: what `crudder replay` does with lines out of CloudWatch.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use crudder_recorder::Vendor;
use serde_json::Value;

use crate::answer::Answer;
use crate::config::Config;
use crate::courier::{self, Parcel};
use crate::keys::{self, KeySource};
use crate::letters;
use crate::outbox::parcel_of;

/// A vendor that says "later" so often is down.
const TRIES: usize = 5;
/// A pause that a vendor does not name.
const PAUSE: Duration = Duration::from_secs(1);
/// Nobody waits at a terminal for longer than this between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What became of the letters.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Spans, items and documents that are delivered now.
    pub delivered: u64,
    /// Letters that a vendor would not take, or that are not whole; each with the reason.
    pub failed: Vec<String>,
}

#[derive(Default)]
struct Letter {
    vendor: String,
    items: u64,
    parts: BTreeMap<u64, String>,
    count: u64,
}

/// Reads log lines, picks out the dead letters, and delivers them to the vendors that `config` names. What else stands in the lines, and
/// what stands before the JSON in them, is passed over.
pub async fn replay(lines: impl IntoIterator<Item = String>, config: &Config) -> Replayed {
    let mut letters: BTreeMap<String, Letter> = BTreeMap::new();
    for line in lines {
        // A line that was exported twice is the same letter.
        let _ = take_part(&line, &mut letters);
    }
    let mut replayed = Replayed::default();
    for (id, letter) in letters {
        match deliver(&letter, config).await {
            Ok(()) => replayed.delivered += letter.items,
            Err(why) => replayed.failed.push(format!("letter {id} to {}: {why}", letter.vendor)),
        }
    }
    replayed
}

fn take_part(line: &str, letters: &mut BTreeMap<String, Letter>) -> Option<()> {
    let line: Value = serde_json::from_str(line.get(line.find('{')?..)?.trim_end()).ok()?;
    if line.get("message")?.as_str()? != "dead letter" {
        return None;
    }
    let letter = letters.entry(line.get("letter")?.as_str()?.to_owned()).or_default();
    line.get("vendor")?.as_str()?.clone_into(&mut letter.vendor);
    letter.items = line.get("items")?.as_u64()?;
    letter.count = line.get("part")?.get(1)?.as_u64()?;
    letter.parts.insert(line.get("part")?.get(0)?.as_u64()?, line.get("payload")?.as_str()?.to_owned());
    Some(())
}

async fn deliver(letter: &Letter, config: &Config) -> Result<(), String> {
    if letter.parts.len() as u64 != letter.count {
        return Err(format!("{} of {} parts are there", letter.parts.len(), letter.count));
    }
    let vendor = Vendor::ALL.into_iter().find(|vendor| letters::name(*vendor) == letter.vendor);
    let vendor = vendor.ok_or("no such vendor")?;
    let encoded: String = letter.parts.values().map(String::as_str).collect();
    let packed = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|_| "the payload is no base64")?;
    let parcel = parcel_of(vendor, packed).ok_or("the payload is no gzip")?;
    let client = reqwest::Client::new();
    let key = match key_of(vendor, config) {
        Some(source) => {
            keys::resolve(source, config.aws.clone(), client.clone()).await.map_err(|why| why.to_string())?
        }
        None => return Err("no key is set for it".to_owned()),
    };
    send(vendor, &parcel, &key, config, client).await
}

fn key_of(vendor: Vendor, config: &Config) -> Option<KeySource> {
    match vendor {
        Vendor::Honeycomb => config.honeycomb.key.clone(),
        Vendor::Rollbar => config.rollbar.token.clone(),
        Vendor::XRay => Some(KeySource::Value(String::new())),
    }
}

async fn send(
    vendor: Vendor,
    parcel: &Parcel,
    key: &str,
    config: &Config,
    client: reqwest::Client,
) -> Result<(), String> {
    for _ in 0..TRIES {
        let pause = match courier::carry(vendor, parcel.clone(), key, config, client.clone()).await {
            Answer::Taken { rejected: 0, .. } => return Ok(()),
            Answer::Taken { rejected, words } => return Err(format!("{rejected} of it were rejected: {words}")),
            Answer::Later { after } => after.unwrap_or(PAUSE),
            Answer::Broken => PAUSE,
            Answer::Never { status, .. } => return Err(format!("refused with {status}")),
            Answer::KeyRefused { status } => return Err(format!("the key is refused with {status}")),
            Answer::Silent { words } => return Err(format!("no answer, so it may have been taken: {words}")),
        };
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }
    Err("the vendor is down".to_owned())
}
