//! Formats log lines for reading: level and message first, then the other fields.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::Line;
use super::segments::plain;

/// Fields to omit: they have a column of their own, or are the same in every line of a trace.
const OMITTED_FIELDS: [&str; 9] =
    ["timestamp", "time", "level", "message", "requestId", "trace_id", "xray_trace_id", "span_id", "type"];

/// Reads a line of the console's JSON.
pub(super) fn from_console(line: &Value) -> Option<Line> {
    let time_ns = parse_time(line["timestamp"].as_str()?)?;
    let source = line["function"].as_str().unwrap_or_default();
    Some(match &line["line"] {
        Value::String(text) => text_line(time_ns, source, text),
        object => json_line(time_ns, source, object),
    })
}

/// Reads an event of CloudWatch Logs: its time in milliseconds since 1970, and its text.
pub(super) fn from_cloudwatch(time_ms: u64, group: &str, text: &str) -> Line {
    let time_ns = time_ms.saturating_mul(1_000_000);
    match serde_json::from_str::<Value>(text) {
        Ok(object) if object.is_object() => json_line(time_ns, group, &object),
        _ => text_line(time_ns, group, text),
    }
}

fn text_line(time_ns: u64, source: &str, text: &str) -> Line {
    Line { time_ns, source: source.to_owned(), level: String::new(), text: text.trim_end().to_owned() }
}

fn json_line(time_ns: u64, source: &str, object: &Value) -> Line {
    let message = object["message"].as_str().or_else(|| object["type"].as_str()).unwrap_or_default().to_owned();
    let fields = object.get("record").unwrap_or(object).as_object().cloned().unwrap_or_default();
    let fields = fields.iter().filter(|(name, _)| !OMITTED_FIELDS.contains(&name.as_str()));
    let fields = fields.filter_map(|(name, value)| Some(format!("{name}={}", plain(value)?)));
    let text = std::iter::once(message).chain(fields).collect::<Vec<_>>().join("  ");
    let level = object["level"].as_str().unwrap_or_default().to_owned();
    let time_ns = logged_time(object).unwrap_or(time_ns);
    Line { time_ns, source: source.to_owned(), level, text }
}

/// Returns the time in the line itself: CloudWatch's time is only when the line arrived.
fn logged_time(object: &Value) -> Option<u64> {
    parse_time(object["timestamp"].as_str().or_else(|| object["time"].as_str())?)
}

/// Returns nanoseconds since 1970.
fn parse_time(text: &str) -> Option<u64> {
    u64::try_from(OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_level_and_message_first_and_omits_the_fields_that_all_lines_share() {
        let line = from_cloudwatch(
            7,
            "g",
            r#"{"timestamp":"1970-01-01T00:00:00.005Z","level":"INFO","message":"hello","trace_id":"t","status":200}"#,
        );
        assert_eq!((line.time_ns, line.level.as_str(), line.text.as_str()), (5_000_000, "INFO", "hello  status=200"));
        let line =
            from_cloudwatch(7, "g", r#"{"type":"platform.report","record":{"requestId":"r","status":"timeout"}}"#);
        assert_eq!((line.time_ns, line.text.as_str()), (7_000_000, "platform.report  status=timeout"));
        assert_eq!(from_cloudwatch(7, "g", "thread 'main' panicked\n").text, "thread 'main' panicked");
    }
}
