//! Redelivers the dead letters of log lines that are in memory.

use serde_json::Value;

use super::reassemble::{Added, Part, Reassembler};
use super::redeliver::Redeliverer;
use crate::config::Config;

/// The result of a replay.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// The number of delivered spans, items and traces.
    pub delivered: u64,
    /// Why dead letters were not delivered, one text each.
    pub failed: Vec<String>,
}

/// Finds the dead letters in log lines and delivers them to the destinations of `config`. Other
/// lines, and text before the JSON of a line, are ignored.
pub async fn replay(lines: impl IntoIterator<Item = String>, config: &Config) -> Replayed {
    let (mut reassembler, mut redeliverer) = (Reassembler::default(), Redeliverer::new(config.clone()));
    let mut replayed = Replayed::default();
    for part in lines.into_iter().filter_map(|line| part(&line)) {
        let added = match part {
            Ok(part) => reassembler.add(part),
            Err(error) => {
                replayed.failed.push(format!("part of a dead letter: {error}"));
                continue;
            }
        };
        match added {
            Ok(Added::Incomplete | Added::Duplicate) => (),
            Ok(Added::Undecodable) => replayed.failed.push("the payload of a dead letter is not base64".to_owned()),
            Ok(Added::Complete(letter)) => match redeliverer.deliver(&letter).await {
                Ok(()) => replayed.delivered += letter.items,
                Err(error) => {
                    replayed.failed.push(format!("dead letter {} to {}: {error}", letter.id, letter.destination));
                }
            },
            Err(full) => {
                replayed.failed.push(full.to_string());
                break;
            }
        }
    }
    let unfinished =
        reassembler.unfinished().map(|(id, parts, of)| format!("dead letter {id}: found {parts} of {of} parts"));
    replayed.failed.extend(unfinished);
    replayed
}

fn part(line: &str) -> Option<Result<Part, &'static str>> {
    let object: Value = serde_json::from_str(line.get(line.find('{')?..)?.trim_end()).ok()?;
    Part::read(&object)
}
