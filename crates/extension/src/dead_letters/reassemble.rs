//! Reassembles dead letters from the log lines that hold their parts.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use crudder_text::hex;
use serde_json::Value;

/// A dead letter has a part for each 190 kB; the largest body that a destination accepts needs a
/// few dozen.
const MAX_PARTS: u64 = 1_000;
/// Parts that wait for others of their dead letter take at most this many bytes. In a real export
/// the parts of a dead letter are closer together.
const MAX_WAITING_BYTES: usize = 256 << 20;

/// The part of a dead letter that one log line holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    id: String,
    destination: String,
    items: u64,
    number: u64,
    of: u64,
    payload: String,
}

impl Part {
    /// Reads the object of a log line. Returns `None` if the line is not a dead letter.
    ///
    /// # Errors
    /// If the line claims to be a dead letter and is incomplete; the text names what is wrong.
    pub fn read(line: &Value) -> Option<Result<Self, &'static str>> {
        (line.get("message")?.as_str()? == "dead letter").then(|| Self::fields(line))
    }

    fn fields(line: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| line.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let part = |index: usize| line.get("part").and_then(|part| part.get(index)).and_then(Value::as_u64);
        let (number, of) = part(0).zip(part(1)).ok_or("its part has no number")?;
        if !(1..=of).contains(&number) || of > MAX_PARTS {
            return Err("the number of its part is out of range");
        }
        if line.get("encoding").is_some_and(|encoding| encoding != "gzip+base64") {
            return Err("its encoding is unknown");
        }
        Ok(Self {
            id: text("letter").ok_or("it has no id")?,
            destination: text("vendor").ok_or("it names no vendor")?,
            items: line.get("items").and_then(Value::as_u64).ok_or("it does not say how many items it holds")?,
            number,
            of,
            payload: text("payload").ok_or("it has no payload")?,
        })
    }
}

/// A complete dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The id that the extension gave it.
    pub id: String,
    /// The name of its destination, such as `honeycomb`.
    pub destination: String,
    /// The number of spans, Rollbar items or traces in it.
    pub items: u64,
    /// The request body as gzip.
    pub(crate) packed: Vec<u8>,
}

impl DeadLetter {
    /// Returns the SHA-256 of destination and content in 64 hexadecimal digits. Dead letters with
    /// the same content have the same identity.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut digest = Context::new(&SHA256);
        digest.update(self.destination.as_bytes());
        digest.update(b"\n");
        digest.update(&self.packed);
        hex(digest.finish().as_ref())
    }
}

/// The result of adding a part.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Added {
    /// Other parts of the dead letter are missing.
    Incomplete,
    /// It was the last missing part.
    Complete(DeadLetter),
    /// The part was added before: an export may hold a line twice.
    Duplicate,
    /// The dead letter is complete, and its payload is not base64.
    Undecodable,
}

/// Incomplete dead letters take more memory than allowed.
#[derive(Debug, thiserror::Error)]
#[error(
    "collect the parts of dead letters: incomplete ones take more than {} MB; replay fewer log files at once",
    MAX_WAITING_BYTES >> 20
)]
pub struct ReassemblyFull;

/// Reassembles dead letters from their parts.
#[derive(Debug, Default)]
pub struct Reassembler {
    waiting: BTreeMap<String, Vec<Part>>,
    bytes: usize,
    complete: BTreeSet<String>,
}

impl Reassembler {
    /// Adds a part.
    ///
    /// # Errors
    /// [`ReassemblyFull`]
    pub fn add(&mut self, part: Part) -> Result<Added, ReassemblyFull> {
        let parts = self.waiting.entry(part.id.clone()).or_default();
        if self.complete.contains(&part.id) || parts.iter().any(|other| other.number == part.number) {
            self.waiting.retain(|_, parts| !parts.is_empty());
            return Ok(Added::Duplicate);
        }
        let (id, of) = (part.id.clone(), part.of);
        self.bytes += part.payload.len();
        parts.push(part);
        if (parts.len() as u64) < of {
            return if self.bytes > MAX_WAITING_BYTES { Err(ReassemblyFull) } else { Ok(Added::Incomplete) };
        }
        let parts = self.waiting.remove(&id).unwrap_or_default();
        self.bytes -= parts.iter().map(|part| part.payload.len()).sum::<usize>();
        self.complete.insert(id);
        Ok(join(parts).map_or(Added::Undecodable, Added::Complete))
    }

    /// Returns the incomplete dead letters: the id, how many parts were added, and how many parts
    /// it has.
    pub fn unfinished(&self) -> impl Iterator<Item = (&str, usize, u64)> {
        self.waiting.iter().map(|(id, parts)| (id.as_str(), parts.len(), parts.first().map_or(0, |part| part.of)))
    }
}

fn join(mut parts: Vec<Part>) -> Option<DeadLetter> {
    parts.sort_by_key(|part| part.number);
    let encoded: String = parts.iter().map(|part| part.payload.as_str()).collect();
    let packed = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let first = parts.into_iter().next()?;
    Some(DeadLetter { id: first.id, destination: first.destination, items: first.items, packed })
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
    fn parts_in_any_order_and_repeated_make_one_dead_letter() {
        let mut reassembler = Reassembler::default();
        assert_eq!(reassembler.add(part("a", 2, 2, "Yw==")).unwrap(), Added::Incomplete);
        assert_eq!(reassembler.add(part("a", 2, 2, "Yw==")).unwrap(), Added::Duplicate);
        let Added::Complete(letter) = reassembler.add(part("a", 1, 2, "YWI0")).unwrap() else {
            panic!("two of two are there")
        };
        assert_eq!((letter.packed.as_slice(), letter.items), (&b"ab4c"[..], 1));
        assert_eq!(reassembler.add(part("a", 1, 2, "YWI0")).unwrap(), Added::Duplicate);
        assert_eq!(reassembler.unfinished().count(), 0);
    }

    #[test]
    fn dead_letters_have_the_same_identity_only_if_their_content_is_the_same() {
        let identity = |id: &str, destination: &str, packed: &[u8]| {
            DeadLetter { id: id.into(), destination: destination.into(), items: 1, packed: packed.into() }.identity()
        };
        assert_eq!(identity("a", "rollbar", b"x"), identity("b", "rollbar", b"x"));
        assert_ne!(identity("a", "rollbar", b"x"), identity("a", "rollbar", b"y"));
        assert_ne!(identity("a", "rollbar", b"x"), identity("a", "honeycomb", b"x"));
    }

    #[test]
    fn an_incomplete_part_is_refused_with_the_name_of_what_is_missing() {
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
            assert_eq!(Part::read(&line("a", number, of, "")), Some(Err("the number of its part is out of range")));
        }
        let mut reassembler = Reassembler::default();
        assert_eq!(reassembler.add(part("a", 1, 1, "?")).unwrap(), Added::Undecodable);
        assert_eq!(reassembler.add(part("b", 1, 3, "")).unwrap(), Added::Incomplete);
        assert_eq!(reassembler.unfinished().collect::<Vec<_>>(), [("b", 1, 3)]);
    }
}
