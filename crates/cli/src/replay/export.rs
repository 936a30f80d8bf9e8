//! Dead letters in whatever form CloudWatch exports its lines: plain, with a prefix, inside JSON, inside CSV, printed over several lines.

use crudder_extension::Part;
use serde_json::{Deserializer, Value};

/// The words that every letter's line holds; what lacks them need not be parsed.
const MARK: &str = "dead letter";
/// An object printed over several lines has so many at most, unless it is a whole export, whose lines stand for themselves.
const HELD_LINES: usize = 64;
/// And so many bytes: five letters' worth.
const HELD_BYTES: usize = 1 << 20;
/// Exports nest a line three deep: results, row, field.
const DEPTH: usize = 8;

/// What was found in the lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A part of a letter.
    Part(Part),
    /// A line that holds a letter, and can't be read.
    Malformed { line: u64, why: &'static str },
}

/// Reads an export line by line.
#[derive(Debug, Default)]
pub(crate) struct Export {
    held: Vec<(u64, String)>,
    bytes: usize,
}

impl Export {
    /// What a line brings, and the lines that waited for it.
    pub(crate) fn read(&mut self, number: u64, line: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let text = line.trim();
        if self.held.is_empty() && !text.ends_with('{') {
            Reading { line: number, found: &mut found }.text(line, DEPTH);
            return found;
        }
        self.bytes += line.len();
        self.held.push((number, line.to_owned()));
        let is_closed = text.starts_with('}') && self.close(&mut found);
        if !is_closed && (self.held.len() > HELD_LINES || self.bytes > HELD_BYTES) {
            self.release(&mut found);
        }
        found
    }

    /// What the last lines bring.
    pub(crate) fn end(&mut self) -> Vec<Found> {
        let mut found = Vec::new();
        self.release(&mut found);
        found
    }

    /// Whether the lines that are held are an object by now.
    fn close(&mut self, found: &mut Vec<Found>) -> bool {
        let Some(first) = self.held.first().map(|(number, _)| *number) else { return true };
        let text: String = self.held.iter().map(|(_, line)| line.as_str()).collect();
        let start = text.find('{').unwrap_or_default();
        let Some(Ok(value)) = Deserializer::from_str(&text[start..]).into_iter::<Value>().next() else { return false };
        Reading { line: first, found }.value(&value, DEPTH);
        (self.held, self.bytes) = (Vec::new(), 0);
        true
    }

    /// They are no object: each stands for itself.
    fn release(&mut self, found: &mut Vec<Found>) {
        self.bytes = 0;
        for (line, text) in std::mem::take(&mut self.held) {
            Reading { line, found }.text(&text, DEPTH);
        }
    }
}

struct Reading<'a> {
    line: u64,
    found: &'a mut Vec<Found>,
}

impl Reading<'_> {
    fn text(&mut self, text: &str, depth: usize) {
        if !text.contains(MARK) || depth == 0 {
            return;
        }
        let is_read = self.objects(text, depth)
            || self.quoted(text, depth)
            || (text.contains("\"\"") && self.objects(&text.replace("\"\"", "\""), depth));
        if !is_read && text.contains("payload") {
            self.found.push(Found::Malformed { line: self.line, why: "it holds a dead letter, and is no whole JSON" });
        }
    }

    /// One object after the other, from the first brace on: what stands before it is a time, a stream's name.
    fn objects(&mut self, text: &str, depth: usize) -> bool {
        let Some(start) = text.find('{') else { return false };
        let mut is_read = false;
        for value in Deserializer::from_str(&text[start..]).into_iter::<Value>().map_while(Result::ok) {
            is_read |= value.is_object();
            self.value(&value, depth - 1);
        }
        is_read
    }

    /// A line inside a JSON string, as in one line of an export that is printed over many.
    fn quoted(&mut self, text: &str, depth: usize) -> bool {
        let Some(start) = text.find("\"{\\\"") else { return false };
        match Deserializer::from_str(&text[start..]).into_iter::<String>().next() {
            Some(Ok(inner)) => self.objects(&inner, depth - 1),
            _ => false,
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match (Part::read(value), value) {
            (Some(Ok(part)), _) => self.found.push(Found::Part(part)),
            (Some(Err(why)), _) => self.found.push(Found::Malformed { line: self.line, why }),
            (None, _) if depth == 0 => (),
            (None, Value::String(text)) => self.text(text, depth),
            (None, Value::Array(items)) => items.iter().for_each(|item| self.value(item, depth - 1)),
            (None, Value::Object(fields)) => fields.values().for_each(|field| self.value(field, depth - 1)),
            (None, _) => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn letter() -> Value {
        json!({ "timestamp": "2026-11-22T10:00:00.000Z", "level": "ERROR", "message": "dead letter", "vendor": "rollbar", "items": 1,
            "reason": "it said \"later\"", "encoding": "gzip+base64", "letter": "a", "part": [1, 1], "payload": "YQ==" })
    }

    fn read(text: &str) -> Vec<Found> {
        let mut export = Export::default();
        let mut found = Vec::new();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            found.extend(export.read(number, line));
        }
        found.extend(export.end());
        found
    }

    fn one() -> Vec<Found> {
        vec![Found::Part(Part::read(&letter()).unwrap().unwrap())]
    }

    #[test]
    fn a_letter_is_found_in_every_form_that_cloudwatch_exports() {
        let line = letter().to_string();
        let event = json!({ "logStreamName": "s", "timestamp": 1, "message": format!("{line}\n"), "eventId": "1" });
        let row =
            json!({ "results": [[{ "field": "@timestamp", "value": "now" }, { "field": "@message", "value": line }]] });
        let many = |value: &Value| serde_json::to_string_pretty(value).unwrap();
        let events = json!({ "events": vec![json!({ "message": "hello" }); 40], "searchedLogStreams": [] });
        let mut late = events.clone();
        late["events"].as_array_mut().unwrap().push(event.clone());
        for (form, text) in [
            ("plain", line.clone()),
            ("aws logs tail", format!("2026-11-22T10:00:00.123000+00:00 2026/11/22/[$LATEST]0f {line}\n")),
            (
                "aws logs tail --format json",
                format!("2026-11-22T10:00:00+00:00 2026/11/22/[$LATEST]0f {}\n", many(&letter())),
            ),
            ("S3 export", format!("2026-11-22T10:00:00.123Z {line}\n")),
            ("filter-log-events --output text", format!("EVENTS\t1\t2\tstream\t{line}\t3\n")),
            ("filter-log-events", many(&json!({ "events": [event], "searchedLogStreams": [] }))),
            ("filter-log-events, long", many(&late)),
            ("filter-log-events in one line", json!({ "events": [event] }).to_string()),
            ("Insights as JSON", many(&row)),
            (
                "Insights as CSV",
                format!("@timestamp,@message\n2026-11-22 10:00:00.000,\"{}\"\n", line.replace('"', "\"\"")),
            ),
            (
                "subscription, object after object",
                format!("{}{}", json!({ "logEvents": [] }), json!({ "logEvents": [event] })),
            ),
        ] {
            assert_eq!(read(&text), one(), "{form}: {text}");
        }
    }

    #[test]
    fn other_lines_are_passed_over_also_those_that_speak_of_letters() {
        let talk = json!({ "message": "3 dead letters were printed", "payload": "x" });
        assert_eq!(read(&format!("hello\n{talk}\nREPORT RequestId: 1\n{{\n}}\nwe saw a dead letter\n")), []);
    }

    #[test]
    fn a_line_that_was_cut_is_named_by_its_number() {
        let line = letter().to_string();
        let found = read(&format!("hello\n{}\n{line}\n", &line[..line.len() - 3]));
        assert!(matches!(found.as_slice(), [Found::Malformed { line: 2, .. }, Found::Part(_)]), "{found:?}");
        let mut lacking = letter();
        lacking.as_object_mut().unwrap().remove("payload");
        assert_eq!(read(&lacking.to_string()), [Found::Malformed { line: 1, why: "it has no payload" }]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_before_after_and_between_a_letter_is_read(
            before in proptest::collection::vec("[^{}\"]{0,40}", 0..4),
            noise in proptest::collection::vec(".{0,60}", 0..6),
        ) {
            let text = format!("{}{}\n{}\n", before.join("\n"), letter(), noise.join("\n"));
            // Nothing before it opens an object that would hold it back, and what comes after it comes too late.
            let parts = read(&text).iter().filter(|found| matches!(found, Found::Part(_))).count();
            proptest::prop_assert_eq!(parts, 1, "{}", text);
            let _ = read(&noise.join("\n"));
        }
    }
}
