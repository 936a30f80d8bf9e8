//! Rollbar's frames from a backtrace in the text form of the standard library.

use crudder_text::backtrace::{Frame, location, own_frames};
use serde_json::{Value, json};

/// Rollbar's own SDKs keep this many frames from either end.
const MAX_FRAMES_PER_END: usize = 30;

/// Returns the frames of the program's own code, the newest last: Rollbar's order for a language
/// that it does not know. Without a backtrace, the location of the error is the only frame.
pub(super) fn from_backtrace(backtrace: &str, error_location: Option<&str>) -> Vec<Value> {
    let mut frames: Vec<Value> = own_frames(backtrace).map(|frame| json_frame(&frame)).collect();
    frames.reverse();
    if frames.len() > 2 * MAX_FRAMES_PER_END {
        frames.drain(MAX_FRAMES_PER_END..frames.len() - MAX_FRAMES_PER_END);
    }
    if frames.is_empty()
        && let Some(error_location) = error_location
    {
        let (file, line) = location(error_location);
        frames.push(json!({ "filename": file, "lineno": line }));
    }
    frames
}

fn json_frame(frame: &Frame<'_>) -> Value {
    let mut json = json!({ "filename": frame.file.unwrap_or("unknown"), "method": frame.function });
    if let Some(line) = frame.line {
        json["lineno"] = line.into();
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_no_hashes_come_newest_last_and_leave_out_the_standard_library() {
        let backtrace = "   0: std::backtrace::Backtrace::force_capture\n             at /rustc/abc/library/std/src/backtrace.rs:331:13\n   1: store::home::page::h0123456789abcdef\n             at ./crates/store/src/home.rs:88:5\n   2: <api::home::Handler as core::Fn>::call\n   3: main\n";
        let expected = [
            json!({ "filename": "unknown", "method": "<api::home::Handler as core::Fn>::call" }),
            json!({ "filename": "./crates/store/src/home.rs", "method": "store::home::page", "lineno": 88 }),
        ];
        assert_eq!(from_backtrace(backtrace, None), expected);
    }

    #[test]
    fn without_a_backtrace_the_location_is_the_only_frame() {
        assert_eq!(from_backtrace("", Some("src/main.rs:7")), [json!({ "filename": "src/main.rs", "lineno": 7 })]);
        assert_eq!(from_backtrace("", Some("src/main.rs:7:9")), [json!({ "filename": "src/main.rs", "lineno": 7 })]);
        assert_eq!(from_backtrace("disabled backtrace", None), Vec::<Value>::new());
    }
}
