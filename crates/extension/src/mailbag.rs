//! Dead letters as they are read again: parts out of log lines, put together to whole letters.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use serde_json::Value;

use crate::sign::hex;

/// A letter has a part for each 190 kB; the largest body that a vendor takes needs a few dozen.
const MOST_PARTS: u64 = 1_000;
/// Parts that wait for others of their letter take so many bytes at most; an export that splits letters further apart is no export.
const MOST_WAITING: usize = 256 << 20;

/// One line's part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    letter: String,
    vendor: String,
    items: u64,
    number: u64,
    of: u64,
    payload: String,
}

impl Part {
    /// Reads a log line's object; `None` where it is no dead letter at all.
    ///
    /// # Errors
    /// It says that it is a dead letter and is not whole; the text names what is wrong with it.
    pub fn read(line: &Value) -> Option<Result<Self, &'static str>> {
        (line.get("message")?.as_str()? == "dead letter").then(|| Self::fields(line))
    }

    fn fields(line: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| line.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let part = |index: usize| line.get("part").and_then(|part| part.get(index)).and_then(Value::as_u64);
        let (number, of) = part(0).zip(part(1)).ok_or("its part has no number")?;
        if !(1..=of).contains(&number) || of > MOST_PARTS {
            return Err("its part's number can't be");
        }
        if line.get("encoding").is_some_and(|encoding| encoding != "gzip+base64") {
            return Err("its encoding is unknown");
        }
        Ok(Self {
            letter: text("letter").ok_or("it has no id")?,
            vendor: text("vendor").ok_or("it names no vendor")?,
            items: line.get("items").and_then(Value::as_u64).ok_or("it does not say how many items it holds")?,
            number,
            of,
            payload: text("payload").ok_or("it has no payload")?,
        })
    }
}

/// A whole letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The id that the layer gave it.
    pub id: String,
    /// Whom it is for: `honeycomb`, `rollbar` or `xray`.
    pub destination: String,
    /// Spans, items or documents in it.
    pub items: u64,
    /// The body, packed.
    pub(crate) packed: Vec<u8>,
}

impl DeadLetter {
    /// Who it is for and what it says, as a SHA-256 in 64 hexadecimal digits: letters that say the same are the same.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut digest = Context::new(&SHA256);
        digest.update(self.destination.as_bytes());
        digest.update(b"\n");
        digest.update(&self.packed);
        hex(digest.finish().as_ref())
    }
}

/// What became of a part.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Added {
    /// Its letter has parts yet to come.
    Incomplete,
    /// It was the last one of its letter.
    Complete(DeadLetter),
    /// It was there before: an export tells some lines twice.
    Duplicate,
    /// Its letter is whole, and its payload is no base64.
    Undecodable,
}

/// More parts wait for others than memory should hold.
#[derive(Debug, thiserror::Error)]
#[error("keep the parts of unfinished letters: they take more than {} MB", MOST_WAITING >> 20)]
pub struct ReassemblyFull;

/// Puts parts together to letters.
#[derive(Debug, Default)]
pub struct Reassembler {
    waiting: BTreeMap<String, Vec<Part>>,
    bytes: usize,
    done: BTreeSet<String>,
}

impl Reassembler {
    /// Adds a part.
    ///
    /// # Errors
    /// [`ReassemblyFull`]
    pub fn add(&mut self, part: Part) -> Result<Added, ReassemblyFull> {
        let parts = self.waiting.entry(part.letter.clone()).or_default();
        if self.done.contains(&part.letter) || parts.iter().any(|other| other.number == part.number) {
            self.waiting.retain(|_, parts| !parts.is_empty());
            return Ok(Added::Duplicate);
        }
        let (letter, of) = (part.letter.clone(), part.of);
        self.bytes += part.payload.len();
        parts.push(part);
        if (parts.len() as u64) < of {
            return if self.bytes > MOST_WAITING { Err(ReassemblyFull) } else { Ok(Added::Incomplete) };
        }
        let parts = self.waiting.remove(&letter).unwrap_or_default();
        self.bytes -= parts.iter().map(|part| part.payload.len()).sum::<usize>();
        self.done.insert(letter);
        Ok(whole(parts).map_or(Added::Undecodable, Added::Complete))
    }

    /// Letters of which parts are missing: id, parts that are there, parts that there should be.
    pub fn unfinished(&self) -> impl Iterator<Item = (&str, usize, u64)> {
        self.waiting.iter().map(|(id, parts)| (id.as_str(), parts.len(), parts.first().map_or(0, |part| part.of)))
    }
}

fn whole(mut parts: Vec<Part>) -> Option<DeadLetter> {
    parts.sort_by_key(|part| part.number);
    let encoded: String = parts.iter().map(|part| part.payload.as_str()).collect();
    let packed = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let first = parts.into_iter().next()?;
    Some(DeadLetter { id: first.letter, destination: first.vendor, items: first.items, packed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(letter: &str, number: u64, of: u64, payload: &str) -> Value {
        json!({ "message": "dead letter", "vendor": "rollbar", "items": 1, "letter": letter, "part": [number, of],
            "payload": payload, "encoding": "gzip+base64" })
    }

    fn part(letter: &str, number: u64, of: u64, payload: &str) -> Part {
        Part::read(&line(letter, number, of, payload)).unwrap().unwrap()
    }

    #[test]
    fn parts_in_any_order_and_twice_make_one_letter() {
        let mut bag = Reassembler::default();
        assert_eq!(bag.add(part("a", 2, 2, "Yw==")).unwrap(), Added::Incomplete);
        assert_eq!(bag.add(part("a", 2, 2, "Yw==")).unwrap(), Added::Duplicate);
        let Added::Complete(letter) = bag.add(part("a", 1, 2, "YWI0")).unwrap() else { panic!("two of two are there") };
        assert_eq!((letter.packed.as_slice(), letter.items), (&b"ab4c"[..], 1));
        assert_eq!(bag.add(part("a", 1, 2, "YWI0")).unwrap(), Added::Duplicate);
        assert_eq!(bag.unfinished().count(), 0);
    }

    #[test]
    fn letters_that_say_the_same_are_the_same_and_others_are_not() {
        let letter = |id: &str, vendor: &str, packed: &[u8]| {
            DeadLetter { id: id.into(), destination: vendor.into(), items: 1, packed: packed.into() }.identity()
        };
        assert_eq!(letter("a", "rollbar", b"x"), letter("b", "rollbar", b"x"));
        assert_ne!(letter("a", "rollbar", b"x"), letter("a", "rollbar", b"y"));
        assert_ne!(letter("a", "rollbar", b"x"), letter("a", "honeycomb", b"x"));
    }

    #[test]
    fn what_is_no_whole_part_says_what_it_lacks() {
        assert_eq!(Part::read(&json!({ "message": "hello" })), None);
        for (name, said) in
            [("letter", "id"), ("vendor", "vendor"), ("items", "items"), ("part", "number"), ("payload", "payload")]
        {
            let mut line = line("a", 1, 1, "YQ==");
            line.as_object_mut().unwrap().remove(name);
            let why = Part::read(&line).unwrap().unwrap_err();
            assert!(why.contains(said), "{name}: {why}");
        }
        for (number, of) in [(0, 1), (2, 1), (1, 1_001), (0, 0)] {
            assert_eq!(Part::read(&line("a", number, of, "")), Some(Err("its part's number can't be")));
        }
        let mut bag = Reassembler::default();
        assert_eq!(bag.add(part("a", 1, 1, "?")).unwrap(), Added::Undecodable);
        assert_eq!(bag.add(part("b", 1, 3, "")).unwrap(), Added::Incomplete);
        assert_eq!(bag.unfinished().collect::<Vec<_>>(), [("b", 1, 3)]);
    }
}
