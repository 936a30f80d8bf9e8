//! Decodes the platform events of the Telemetry API one by one, so that an unknown or malformed
//! event does not affect the others.

use std::time::SystemTime;

use serde_json::Value;

/// The platform events that the extension acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlatformEvent {
    /// The runtime has finished an invocation, successfully or not.
    RuntimeDone { request_id: String, status: Status, error_type: String, at: SystemTime },
    /// The runtime has finished its init, successfully or not.
    InitDone { status: Status, error_type: String, at: SystemTime },
    /// The report of an invocation. On Managed Instances it is the only event that an invocation
    /// has.
    Report { request_id: String, status: Status, error_type: String, at: SystemTime },
}

/// The outcome that the platform reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Error,
    Failure,
    Timeout,
}

/// Decodes a delivery: a JSON array of events. Events of other types are left out.
pub(crate) fn decode(body: &[u8]) -> Vec<PlatformEvent> {
    let events = serde_json::from_slice::<Vec<Value>>(body).unwrap_or_default();
    events.iter().filter_map(event).collect()
}

fn event(event: &Value) -> Option<PlatformEvent> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let record = event.get("record")?;
    let status = status(record.get("status")?.as_str()?);
    let error_type = record.get("errorType").map(text).unwrap_or_default();
    let at = event.get("time").and_then(Value::as_str).and_then(time_of).unwrap_or_else(SystemTime::now);
    let request_id = record.get("requestId").map(text).unwrap_or_default();
    Some(match event.get("type")?.as_str()? {
        "platform.runtimeDone" => PlatformEvent::RuntimeDone { request_id, status, error_type, at },
        "platform.initRuntimeDone" => PlatformEvent::InitDone { status, error_type, at },
        "platform.report" => PlatformEvent::Report { request_id, status, error_type, at },
        _ => return None,
    })
}

/// An unknown status counts as a failure.
fn status(word: &str) -> Status {
    match word {
        "success" => Status::Success,
        "error" => Status::Error,
        "timeout" => Status::Timeout,
        _ => Status::Failure,
    }
}

fn time_of(text: &str) -> Option<SystemTime> {
    let parsed = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    Some(parsed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_event_does_not_affect_its_neighbours() {
        let body = br#"[
            {"time":"2026-11-22T10:00:00.131Z","type":"platform.restoreStart","record":{}},
            {"type":"platform.runtimeDone","record":"a string"}, 7, {"type":"function","record":"a line"},
            {"time":"2026-11-22T10:00:00.131Z","type":"platform.runtimeDone","record":
              {"requestId":"r-1","status":"timeout","metrics":{"durationMs":3000.0}}},
            {"time":"not a time","type":"platform.initRuntimeDone","record":{"status":"baffled","errorType":"Runtime.New"}}
        ]"#;
        let events = decode(body);
        let [done, init] = events.as_slice() else { panic!("{events:?}") };
        let at = time_of("2026-11-22T10:00:00.131Z").unwrap();
        let expected = PlatformEvent::RuntimeDone {
            request_id: "r-1".into(),
            status: Status::Timeout,
            error_type: String::new(),
            at,
        };
        assert_eq!(*done, expected);
        assert!(matches!(init, PlatformEvent::InitDone { status: Status::Failure, .. }), "{init:?}");
    }

    #[test]
    fn a_body_that_is_not_an_array_has_no_events() {
        assert_eq!(decode(b"{}"), []);
        assert_eq!(decode(b"\xFF"), []);
    }
}
