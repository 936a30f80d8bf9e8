//! Delivers the dead letters of some lines at once, for a program that has them in its hands.

use serde_json::Value;

use crate::config::Config;
use crate::mailbag::{Added, Part, Reassembler};
use crate::postman::Redeliverer;

/// What became of the letters.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Spans, items and documents that are delivered now.
    pub delivered: u64,
    /// Letters that a vendor would not take, or that are not whole; each with the reason.
    pub failed: Vec<String>,
}

/// Reads log lines, picks out the dead letters, and delivers them to the vendors that `config` names. What else stands in the lines, and
/// what stands before the JSON in them, is passed over.
pub async fn replay(lines: impl IntoIterator<Item = String>, config: &Config) -> Replayed {
    let (mut bag, mut postman) = (Reassembler::default(), Redeliverer::new(config.clone()));
    let mut replayed = Replayed::default();
    for part in lines.into_iter().filter_map(|line| part(&line)) {
        let added = match part {
            Ok(part) => bag.add(part),
            Err(why) => {
                replayed.failed.push(format!("a part of a letter: {why}"));
                continue;
            }
        };
        match added {
            Ok(Added::Incomplete | Added::Duplicate) => (),
            Ok(Added::Undecodable) => replayed.failed.push("a letter's payload is no base64".to_owned()),
            Ok(Added::Complete(letter)) => match postman.deliver(&letter).await {
                Ok(()) => replayed.delivered += letter.items,
                Err(why) => replayed.failed.push(format!("letter {} to {}: {why}", letter.id, letter.destination)),
            },
            Err(full) => {
                replayed.failed.push(full.to_string());
                break;
            }
        }
    }
    let unfinished = bag.unfinished().map(|(id, there, of)| format!("letter {id}: {there} of {of} parts are there"));
    replayed.failed.extend(unfinished);
    replayed
}

fn part(line: &str) -> Option<Result<Part, &'static str>> {
    let object: Value = serde_json::from_str(line.get(line.find('{')?..)?.trim_end()).ok()?;
    Part::read(&object)
}
