//! Rollbar's frames out of a backtrace in std's form.

use serde_json::{Value, json};

/// What Rollbar's own SDKs keep at most: this many from either end.
const KEPT_AT_EACH_END: usize = 30;

/// Frames, the newest last, as Rollbar orders them for a language that it does not know. Without a backtrace, the place alone.
pub(crate) fn of(stack: &str, place: Option<&str>) -> Vec<Value> {
    let mut frames = parse(stack);
    frames.reverse();
    if frames.len() > 2 * KEPT_AT_EACH_END {
        frames.drain(KEPT_AT_EACH_END..frames.len() - KEPT_AT_EACH_END);
    }
    if frames.is_empty()
        && let Some(place) = place
    {
        let (file, line) = split_line(place);
        frames.push(json!({ "filename": file, "lineno": line }));
    }
    frames
}

fn parse(stack: &str) -> Vec<Value> {
    let mut frames: Vec<Value> = Vec::new();
    for line in stack.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            let (file, number) = split_line(place);
            if let Some(frame) = frames.last_mut() {
                frame["filename"] = file.into();
                frame["lineno"] = number.into();
            }
        } else if let Some((number, symbol)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            frames.push(json!({ "filename": "unknown", "method": without_hash(symbol.trim()) }));
        }
    }
    frames.retain(|frame| !is_machinery(frame["method"].as_str().unwrap_or_default()));
    frames
}

/// Symbols end in a hash that each build changes; grouping must not.
fn without_hash(symbol: &str) -> &str {
    match symbol.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => symbol,
    }
}

/// Frames of the standard library and of the runtimes below us: the same under every error.
fn is_machinery(method: &str) -> bool {
    let bare = method.trim_start_matches('<').trim_start_matches('&');
    ["std::", "core::", "alloc::", "tokio::", "__rust", "rust_begin", "_start", "__libc", "main"]
        .iter()
        .any(|prefix| bare == *prefix || (bare.starts_with(prefix) && *prefix != "main"))
}

/// `file:line:column`, or less of it.
fn split_line(place: &str) -> (&str, Option<u64>) {
    let mut parts = place.rsplitn(3, ':');
    let (last, middle, rest) = (parts.next(), parts.next(), parts.next());
    match (last.and_then(|text| text.parse::<u64>().ok()), middle.and_then(|text| text.parse::<u64>().ok()), rest) {
        (Some(_), Some(line), Some(file)) => (file, Some(line)),
        (Some(line), None, _) => (place.rsplit_once(':').map_or(place, |(file, _)| file), Some(line)),
        _ => (place, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_named_without_hashes_newest_last_and_without_machinery() {
        let stack = "   0: std::backtrace::Backtrace::force_capture\n             at /rustc/abc/library/std/src/backtrace.rs:331:13\n   1: store::home::page::h0123456789abcdef\n             at ./crates/store/src/home.rs:88:5\n   2: <api::home::Handler as core::Fn>::call\n   3: main\n";
        let expected = [
            json!({ "filename": "unknown", "method": "<api::home::Handler as core::Fn>::call" }),
            json!({ "filename": "./crates/store/src/home.rs", "method": "store::home::page", "lineno": 88 }),
        ];
        assert_eq!(of(stack, None), expected);
    }

    #[test]
    fn without_a_backtrace_the_place_is_the_frame() {
        assert_eq!(of("", Some("src/main.rs:7")), [json!({ "filename": "src/main.rs", "lineno": 7 })]);
        assert_eq!(of("", Some("src/main.rs:7:9")), [json!({ "filename": "src/main.rs", "lineno": 7 })]);
        assert_eq!(of("disabled backtrace", None), Vec::<Value>::new());
    }
}
