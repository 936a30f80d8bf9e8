//! Log lines as one reads them: level and message first, then what else the line says.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::Line;
use super::segments::plain;

/// What every line of a trace says, or what is told in its own column.
const KNOWN: [&str; 9] =
    ["timestamp", "time", "level", "message", "requestId", "trace_id", "xray_trace_id", "span_id", "type"];

/// A line of the console.
pub(super) fn of_console(line: &Value) -> Option<Line> {
    let time = OffsetDateTime::parse(line["timestamp"].as_str()?, &Rfc3339).ok()?;
    let time_ns = u64::try_from(time.unix_timestamp_nanos()).ok()?;
    let source = line["function"].as_str().unwrap_or_default();
    Some(match &line["line"] {
        Value::String(text) => plain_line(time_ns, source, text),
        object => structured(time_ns, source, object),
    })
}

/// An event of CloudWatch: milliseconds since 1970, and the text.
pub(crate) fn of_event(time_ms: u64, group: &str, text: &str) -> Line {
    let time_ns = time_ms.saturating_mul(1_000_000);
    match serde_json::from_str::<Value>(text) {
        Ok(object) if object.is_object() => structured(time_ns, group, &object),
        _ => plain_line(time_ns, group, text),
    }
}

fn plain_line(time_ns: u64, source: &str, text: &str) -> Line {
    Line { time_ns, source: source.to_owned(), level: String::new(), text: text.trim_end().to_owned() }
}

fn structured(time_ns: u64, source: &str, object: &Value) -> Line {
    let said = object["message"].as_str().or_else(|| object["type"].as_str()).unwrap_or_default().to_owned();
    let fields = object.get("record").unwrap_or(object).as_object().cloned().unwrap_or_default();
    let told = fields.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    let told = told.filter_map(|(name, value)| Some(format!("{name}={}", plain(value)?)));
    let text = std::iter::once(said).chain(told).collect::<Vec<_>>().join("  ");
    let level = object["level"].as_str().unwrap_or_default().to_owned();
    let time_ns = own_time(object).unwrap_or(time_ns);
    Line { time_ns, source: source.to_owned(), level, text }
}

/// When the line was said, by its own word: CloudWatch knows only when it came.
fn own_time(object: &Value) -> Option<u64> {
    let text = object["timestamp"].as_str().or_else(|| object["time"].as_str())?;
    u64::try_from(OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_level_and_message_first_and_what_all_lines_say_not_at_all() {
        let line = of_event(
            7,
            "g",
            r#"{"timestamp":"1970-01-01T00:00:00.005Z","level":"INFO","message":"hello","trace_id":"t","status":200}"#,
        );
        assert_eq!((line.time_ns, line.level.as_str(), line.text.as_str()), (5_000_000, "INFO", "hello  status=200"));
        let line = of_event(7, "g", r#"{"type":"platform.report","record":{"requestId":"r","status":"timeout"}}"#);
        assert_eq!((line.time_ns, line.text.as_str()), (7_000_000, "platform.report  status=timeout"));
        assert_eq!(of_event(7, "g", "thread 'main' panicked\n").text, "thread 'main' panicked");
    }
}
