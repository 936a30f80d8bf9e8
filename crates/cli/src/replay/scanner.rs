//! Finds dead letters in every form of exported CloudWatch log lines.

use crudder_extension::Part;
use serde_json::{Deserializer, Value};

/// Every dead letter's line contains this text, so that other lines need not be parsed.
const MARKER: &str = "dead letter";
/// An object printed over several lines has at most so many. More lines are a whole export, which
/// is scanned line by line.
const MAX_BUFFERED_LINES: usize = 64;
/// Enough for five letters.
const MAX_BUFFERED_BYTES: usize = 1 << 20;
/// More than the three levels at which exports nest a line: results, row, field.
const MAX_DEPTH: usize = 8;

/// What a line contains.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A part of a dead letter.
    Part(Part),
    /// A line with a dead letter that cannot be read.
    Malformed { line: u64, reason: &'static str },
}

/// Scans an export line by line: plain lines, prefixed lines, JSON and CSV.
///
/// It buffers lines that may be an object printed over several lines.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    buffered: Vec<(u64, String)>,
    buffered_bytes: usize,
}

impl Scanner {
    /// Scans a line, and the buffered lines if it completes them.
    pub(super) fn scan(&mut self, number: u64, line: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let text = line.trim();
        if self.buffered.is_empty() && !text.ends_with('{') {
            LineScan { line: number, found: &mut found }.text(line, MAX_DEPTH);
            return found;
        }
        self.buffered_bytes += line.len();
        self.buffered.push((number, line.to_owned()));
        let is_complete = text.starts_with('}') && self.scan_object(&mut found);
        if !is_complete && (self.buffered.len() > MAX_BUFFERED_LINES || self.buffered_bytes > MAX_BUFFERED_BYTES) {
            self.scan_each(&mut found);
        }
        found
    }

    /// Scans the lines that are still buffered.
    pub(super) fn finish(&mut self) -> Vec<Found> {
        let mut found = Vec::new();
        self.scan_each(&mut found);
        found
    }

    /// Scans the buffered lines as one object, and returns whether they are one.
    fn scan_object(&mut self, found: &mut Vec<Found>) -> bool {
        let Some(first) = self.buffered.first().map(|(number, _)| *number) else { return true };
        let text: String = self.buffered.iter().map(|(_, line)| line.as_str()).collect();
        let start = text.find('{').unwrap_or_default();
        let Some(Ok(value)) = Deserializer::from_str(&text[start..]).into_iter::<Value>().next() else { return false };
        LineScan { line: first, found }.value(&value, MAX_DEPTH);
        (self.buffered, self.buffered_bytes) = (Vec::new(), 0);
        true
    }

    /// Scans each buffered line by itself.
    fn scan_each(&mut self, found: &mut Vec<Found>) {
        self.buffered_bytes = 0;
        for (line, text) in std::mem::take(&mut self.buffered) {
            LineScan { line, found }.text(&text, MAX_DEPTH);
        }
    }
}

/// Collects what one line, or one object, contains.
struct LineScan<'a> {
    line: u64,
    found: &'a mut Vec<Found>,
}

impl LineScan<'_> {
    fn text(&mut self, text: &str, depth: usize) {
        if !text.contains(MARKER) || depth == 0 {
            return;
        }
        let is_parsed = self.objects(text, depth)
            || self.quoted(text, depth)
            || (text.contains("\"\"") && self.objects(&text.replace("\"\"", "\""), depth));
        if !is_parsed && text.contains("payload") {
            self.found
                .push(Found::Malformed { line: self.line, reason: "it has a dead letter whose JSON is incomplete" });
        }
    }

    /// Scans a sequence of objects from the first brace on, after a prefix such as a time or a
    /// stream's name.
    fn objects(&mut self, text: &str, depth: usize) -> bool {
        let Some(start) = text.find('{') else { return false };
        let mut is_parsed = false;
        for value in Deserializer::from_str(&text[start..]).into_iter::<Value>().map_while(Result::ok) {
            is_parsed |= value.is_object();
            self.value(&value, depth - 1);
        }
        is_parsed
    }

    /// Scans a line in a JSON string, as in one line of an export that is printed over many.
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
            (Some(Err(reason)), _) => self.found.push(Found::Malformed { line: self.line, reason }),
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

    fn scan(text: &str) -> Vec<Found> {
        let mut scanner = Scanner::default();
        let mut found = Vec::new();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            found.extend(scanner.scan(number, line));
        }
        found.extend(scanner.finish());
        found
    }

    fn one_part() -> Vec<Found> {
        vec![Found::Part(Part::read(&letter()).unwrap().unwrap())]
    }

    #[test]
    fn a_letter_is_found_in_every_export_form_of_cloudwatch() {
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
            assert_eq!(scan(&text), one_part(), "{form}: {text}");
        }
    }

    #[test]
    fn other_lines_are_ignored_even_if_they_mention_dead_letters() {
        let other = json!({ "message": "3 dead letters were printed", "payload": "x" });
        assert_eq!(scan(&format!("hello\n{other}\nREPORT RequestId: 1\n{{\n}}\nwe saw a dead letter\n")), []);
    }

    #[test]
    fn a_truncated_line_is_reported_with_its_number() {
        let line = letter().to_string();
        let found = scan(&format!("hello\n{}\n{line}\n", &line[..line.len() - 3]));
        assert!(matches!(found.as_slice(), [Found::Malformed { line: 2, .. }, Found::Part(_)]), "{found:?}");
        let mut lacking = letter();
        lacking.as_object_mut().unwrap().remove("payload");
        assert_eq!(scan(&lacking.to_string()), [Found::Malformed { line: 1, reason: "it has no payload" }]);
    }

    proptest::proptest! {
        #[test]
        fn a_letter_is_found_whatever_text_surrounds_it(
            before in proptest::collection::vec("[^{}\"]{0,40}", 0..4),
            noise in proptest::collection::vec(".{0,60}", 0..6),
        ) {
            let text = format!("{}{}\n{}\n", before.join("\n"), letter(), noise.join("\n"));
            // The text before the letter opens no object, so that the letter is not buffered with
            // later lines.
            let parts = scan(&text).iter().filter(|found| matches!(found, Found::Part(_))).count();
            proptest::prop_assert_eq!(parts, 1, "{}", text);
            let _ = scan(&noise.join("\n"));
        }
    }
}
