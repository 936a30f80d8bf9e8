//! Backtraces in std's text form: read into frames, and shortened to those that tell something.

use std::fmt::Write;

/// One frame of a backtrace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The function, demangled.
    pub label: &'a str,
    /// Its file.
    pub path: Option<&'a str>,
    /// The line in it.
    pub line: Option<u32>,
}

/// Frames that are kept of one backtrace.
const MAX_FRAMES: usize = 40;

/// A label longer than this is cut: generics are spelled out.
const MAX_LABEL_BYTES: usize = 240;

/// Where the sources of what others wrote lie: the compiler's, the package manager's, the C library's.
const FOREIGN_PATHS: [&str; 6] = ["/rustc/", "/.cargo/registry/", "/.cargo/git/", "/nptl/", "/sysdeps/", "/csu/"];

/// How frames begin that have no path, dependencies being built without: the same in every backtrace.
const FOREIGN_LABELS: [&str; 16] = [
    "std::",
    "core::",
    "alloc::",
    "tokio::",
    "futures",
    "tracing",
    "tower::",
    "lambda_",
    "hyper",
    "rust_begin_unwind",
    "__rust",
    "__libc",
    "_start",
    "clone",
    "start_thread",
    // What lost its symbol to the size of the binary (functions/pack): `<unknown>`.
    "unknown>",
];

/// The frames of a backtrace, innermost first.
pub fn frames(text: &str) -> impl Iterator<Item = Frame<'_>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let label = loop {
            if let Some(label) = label_of(lines.next()?) {
                break label;
            }
        };
        let place = lines.next_if(|line| line.trim_start().starts_with("at "));
        let (path, line) = place.map_or((None, None), place_of);
        Some(Frame { label, path, line })
    })
}

/// `  12: module::function`, with an address before the function where std was asked for everything.
fn label_of(line: &str) -> Option<&str> {
    let (number, label) = line.trim_start().split_once(": ")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let label = label.trim();
    let label = if label.starts_with("0x") { label.split_once(" - ").map_or(label, |(_, label)| label) } else { label };
    (is_number && !label.is_empty()).then_some(label)
}

/// `at path:line:column`.
fn place_of(line: &str) -> (Option<&str>, Option<u32>) {
    let place = line.trim_start().strip_prefix("at ").unwrap_or(line).trim();
    let mut parts = place.rsplitn(3, ':');
    let (column, line, path) = (parts.next(), parts.next(), parts.next());
    match (column.and_then(|text| text.parse::<u32>().ok()), line.and_then(|text| text.parse().ok()), path) {
        (Some(_), Some(line), Some(path)) => (Some(path), Some(line)),
        _ => (Some(place), None),
    }
}

/// The same backtrace without what is the same in all of them: the report's own frames, the standard library's, the runtime's. If
/// nothing else is there, it stays as it is, and is cut.
pub fn shorten(text: &str, own_files: &[&str]) -> String {
    let all = frames(text).collect::<Vec<_>>();
    let told =
        all.iter().filter(|frame| !is_foreign(frame)).skip_while(|frame| is_own(frame, own_files)).collect::<Vec<_>>();
    let told = if told.is_empty() { all.iter().collect() } else { told };
    let mut out = String::new();
    for (number, frame) in told.into_iter().take(MAX_FRAMES).enumerate() {
        let label = without_generics(frame.label);
        let label = &label[..label.floor_char_boundary(MAX_LABEL_BYTES)];
        let written = match (frame.path, frame.line) {
            (Some(path), Some(line)) => write!(out, "{number:>4}: {label}\n             at {path}:{line}:1\n"),
            _ => writeln!(out, "{number:>4}: {label}"),
        };
        written.expect("writing into a String does not fail");
    }
    out
}

/// `name<everything it was made for>` is `name`.
fn without_generics(label: &str) -> &str {
    let generics = label.find('<').filter(|at| *at > 0 && !label[..*at].ends_with("::"));
    generics.map_or(label, |at| &label[..at])
}

fn is_foreign(frame: &Frame<'_>) -> bool {
    // `<T as core::future::Future>::poll` and its kin are named after whoever implements the trait.
    let label = frame.label.trim_start_matches(['<', '&', '(']);
    match frame.path {
        Some(path) => FOREIGN_PATHS.iter().any(|foreign| path.contains(foreign)),
        None => FOREIGN_LABELS.iter().any(|start| label.starts_with(start)),
    }
}

fn is_own(frame: &Frame<'_>, own_files: &[&str]) -> bool {
    // Std shortens a path below the working directory.
    let path = frame.path.unwrap_or_default().trim_start_matches("./");
    !path.is_empty() && own_files.iter().any(|own| own.ends_with(path) || path.ends_with(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "   0: std::backtrace::Backtrace::create\n   1: crudder_telemetry::panic::failure_of\n             at ./crates/telemetry/src/panic.rs:38:9\n   2: __rustc::rust_begin_unwind\n   3: core::panicking::panic_fmt\n   4: store::home::page::{{closure}}\n             at ./crates/store/src/home.rs:88:13\n   5: 0x55d0 - <store::Store as api::Table>::read\n             at ./crates/store/src/lib.rs:12:5\n   6: <core::pin::Pin<P> as core::future::future::Future>::poll\n   7: main\n   8: __libc_start_call_main\n   9: <unknown>\n";

    #[test]
    fn frames_are_read_with_their_places() {
        let read = frames(TEXT).collect::<Vec<_>>();
        assert_eq!(read.len(), 10);
        let page =
            Frame { label: "store::home::page::{{closure}}", path: Some("./crates/store/src/home.rs"), line: Some(88) };
        assert_eq!(read[4], page);
        assert_eq!(read[5].label, "<store::Store as api::Table>::read");
        assert_eq!(read[7], Frame { label: "main", path: None, line: None });
    }

    #[test]
    fn what_is_kept_is_ours_and_reads_as_a_backtrace_again() {
        let short = shorten(TEXT, &["telemetry/src/panic.rs"]);
        let labels = frames(&short).map(|frame| frame.label).collect::<Vec<_>>();
        assert_eq!(labels, ["store::home::page::{{closure}}", "<store::Store as api::Table>::read", "main"]);
    }

    #[test]
    fn a_backtrace_of_nothing_but_machinery_is_kept() {
        let short = shorten("   0: core::panicking::panic\n   1: std::rt::lang_start\n", &[]);
        assert_eq!(frames(&short).count(), 2);
    }

    #[test]
    fn text_that_is_no_backtrace_has_no_frames() {
        assert_eq!(frames("disabled backtrace").count(), 0);
        assert_eq!(frames("").count(), 0);
        assert_eq!(frames("  at nowhere\n : \n1:\n").count(), 0);
    }

    #[test]
    fn only_frames_that_are_left_out_lose_their_symbols() {
        let pack = include_str!("../../../functions/pack");
        let words = pack.lines().find_map(|line| line.strip_prefix("FOREIGN='")).unwrap().trim_end_matches('\'');
        for word in words.split('|') {
            // The names of ours stand in the debug information; hash tables call nobody who would panic for us.
            let is_known = FOREIGN_LABELS.iter().any(|label| label.trim_end_matches(':') == word);
            assert!(is_known || ["crudder_", "hashbrown"].contains(&word), "{word}");
        }
    }
}
