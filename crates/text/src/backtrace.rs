//! Backtraces in the text format of the standard library: parsed into frames, and shortened to the
//! frames that matter.

use std::fmt::Write;

/// One frame of a backtrace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The demangled name of the function, without the hash that each build changes.
    pub function: &'a str,
    /// The source file.
    pub file: Option<&'a str>,
    /// The line in the source file.
    pub line: Option<u32>,
}

/// [`shorten`] keeps at most this many frames.
const MAX_FRAMES: usize = 40;

/// [`shorten`] cuts longer function names: generic parameters are spelled out in full.
const MAX_FUNCTION_BYTES: usize = 240;

/// Parts of the paths of foreign source files: of the compiler, of downloaded crates and of the C
/// library.
const FOREIGN_PATHS: [&str; 6] = ["/rustc/", "/.cargo/registry/", "/.cargo/git/", "/nptl/", "/sysdeps/", "/csu/"];

/// How the names of foreign functions begin. These frames have no path, because dependencies are
/// built without line tables.
const FOREIGN_FUNCTIONS: [&str; 16] = [
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
    // A function whose symbol was stripped: `<unknown>`.
    "unknown>",
];

impl Frame<'_> {
    /// Whether the frame belongs to the standard library, the C library, an async runtime or a
    /// downloaded crate. Such frames are the same in every backtrace.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        // `<T as core::future::Future>::poll` is named after the type that implements the trait.
        let function = self.function.trim_start_matches(['<', '&', '(']);
        match self.file {
            Some(file) => FOREIGN_PATHS.iter().any(|foreign| file.contains(foreign)),
            None => FOREIGN_FUNCTIONS.iter().any(|start| function.starts_with(start)),
        }
    }
}

/// Returns an iterator over the frames of a backtrace, the innermost first. Text that is not a
/// backtrace has no frames.
///
/// ```
/// use crudder_text::backtrace::{Frame, frames};
///
/// let text = "   0: shop::cart::total::h0123456789abcdef\n             at ./src/cart.rs:88:13\n   1: main\n";
/// let frames = frames(text).collect::<Vec<_>>();
/// assert_eq!(frames[0], Frame { function: "shop::cart::total", file: Some("./src/cart.rs"), line: Some(88) });
/// assert_eq!(frames[1], Frame { function: "main", file: None, line: None });
/// ```
pub fn frames(text: &str) -> impl Iterator<Item = Frame<'_>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let function = loop {
            if let Some(function) = function_of(lines.next()?) {
                break function;
            }
        };
        let place = lines.next_if(|line| line.trim_start().starts_with("at "));
        let place = place.and_then(|line| line.trim().strip_prefix("at ")).map(location);
        Some(Frame { function, file: place.map(|(file, _)| file), line: place.and_then(|(_, line)| line) })
    })
}

/// Returns the frames of the program itself, the innermost first: without foreign frames and
/// without `main` of the C runtime. A Rust `main` has the name of its crate before it.
pub fn own_frames(text: &str) -> impl Iterator<Item = Frame<'_>> {
    frames(text).filter(|frame| !frame.is_foreign() && frame.function != "main")
}

/// Parses `  12: module::function`; with `std`'s full format, an address stands before the
/// function.
fn function_of(line: &str) -> Option<&str> {
    let (number, name) = line.trim_start().split_once(": ")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.trim();
    let name = if name.starts_with("0x") { name.split_once(" - ").map_or(name, |(_, name)| name) } else { name };
    (is_number && !name.is_empty()).then(|| without_hash(name))
}

/// Removes the hash at the end of a symbol, such as `::h0123456789abcdef`. It differs in each
/// build, so it would spoil the grouping of errors.
fn without_hash(symbol: &str) -> &str {
    match symbol.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => symbol,
    }
}

/// Parses `file:line:column` or `file:line` into file and line. Other text is a file without a
/// line.
///
/// ```
/// use crudder_text::backtrace::location;
///
/// assert_eq!(location("src/main.rs:7:9"), ("src/main.rs", Some(7)));
/// assert_eq!(location("src/main.rs:7"), ("src/main.rs", Some(7)));
/// assert_eq!(location("src/main.rs"), ("src/main.rs", None));
/// ```
#[must_use]
pub fn location(text: &str) -> (&str, Option<u32>) {
    let number = |text: &str| text.parse::<u32>().ok();
    let Some((rest, last)) = text.rsplit_once(':') else { return (text, None) };
    let Some(last) = number(last) else { return (text, None) };
    match rest.rsplit_once(':') {
        Some((file, line)) if number(line).is_some() => (file, number(line)),
        _ => (rest, Some(last)),
    }
}

/// Returns the backtrace without foreign frames and without the innermost frames whose file is one
/// of `own_files`: the files that capture backtraces. If no other frame is left, all frames stay.
///
/// The result is a backtrace in the same format, of at most 40 frames.
#[must_use]
pub fn shorten(text: &str, own_files: &[&str]) -> String {
    let all = frames(text).collect::<Vec<_>>();
    let relevant =
        all.iter().filter(|frame| !frame.is_foreign()).skip_while(|frame| is_in(frame, own_files)).collect::<Vec<_>>();
    let kept = if relevant.is_empty() { all.iter().collect() } else { relevant };
    let mut out = String::new();
    for (number, frame) in kept.into_iter().take(MAX_FRAMES).enumerate() {
        let function = without_generics(frame.function);
        let function = &function[..function.floor_char_boundary(MAX_FUNCTION_BYTES)];
        let written = match (frame.file, frame.line) {
            (Some(file), Some(line)) => write!(out, "{number:>4}: {function}\n             at {file}:{line}:1\n"),
            _ => writeln!(out, "{number:>4}: {function}"),
        };
        written.expect("writing into a String does not fail");
    }
    out
}

/// Removes generic parameters: `name<parameters>` becomes `name`.
fn without_generics(function: &str) -> &str {
    let generics = function.find('<').filter(|at| *at > 0 && !function[..*at].ends_with("::"));
    generics.map_or(function, |at| &function[..at])
}

fn is_in(frame: &Frame<'_>, files: &[&str]) -> bool {
    // The standard library shortens a path below the working directory to `./path`.
    let file = frame.file.unwrap_or_default().trim_start_matches("./");
    !file.is_empty() && files.iter().any(|known| known.ends_with(file) || file.ends_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "   0: std::backtrace::Backtrace::create\n   1: crudder_telemetry::panic::failure_of\n             at ./crates/telemetry/src/panic.rs:38:9\n   2: __rustc::rust_begin_unwind\n   3: core::panicking::panic_fmt\n   4: store::home::page::{{closure}}\n             at ./crates/store/src/home.rs:88:13\n   5: 0x55d0 - <store::Store as api::Table>::read\n             at ./crates/store/src/lib.rs:12:5\n   6: <core::pin::Pin<P> as core::future::future::Future>::poll\n   7: main\n   8: __libc_start_call_main\n   9: <unknown>\n";

    #[test]
    fn frames_are_parsed_with_file_and_line() {
        let read = frames(TEXT).collect::<Vec<_>>();
        assert_eq!(read.len(), 10);
        let page = Frame {
            function: "store::home::page::{{closure}}",
            file: Some("./crates/store/src/home.rs"),
            line: Some(88),
        };
        assert_eq!(read[4], page);
        assert_eq!(read[5].function, "<store::Store as api::Table>::read");
        assert_eq!(read[7], Frame { function: "main", file: None, line: None });
    }

    #[test]
    fn a_shortened_backtrace_keeps_the_programs_frames_and_parses_again() {
        let short = shorten(TEXT, &["telemetry/src/panic.rs"]);
        let functions = frames(&short).map(|frame| frame.function).collect::<Vec<_>>();
        assert_eq!(functions, ["store::home::page::{{closure}}", "<store::Store as api::Table>::read", "main"]);
    }

    #[test]
    fn a_backtrace_of_foreign_frames_alone_is_kept() {
        let short = shorten("   0: core::panicking::panic\n   1: std::rt::lang_start\n", &[]);
        assert_eq!(frames(&short).count(), 2);
    }

    #[test]
    fn text_that_is_not_a_backtrace_has_no_frames() {
        assert_eq!(frames("disabled backtrace").count(), 0);
        assert_eq!(frames("").count(), 0);
        assert_eq!(frames("  at nowhere\n : \n1:\n").count(), 0);
    }

    #[test]
    fn own_frames_have_no_hash_and_exclude_foreign_frames_and_main() {
        let text = "   0: std::backtrace::Backtrace::force_capture\n             at /rustc/abc/library/std/src/backtrace.rs:331:13\n   1: store::home::page::h0123456789abcdef\n             at ./crates/store/src/home.rs:88:5\n   2: <api::home::Handler as core::Fn>::call\n   3: main\n   4: shop::main\n";
        let expected = [
            Frame { function: "store::home::page", file: Some("./crates/store/src/home.rs"), line: Some(88) },
            Frame { function: "<api::home::Handler as core::Fn>::call", file: None, line: None },
            Frame { function: "shop::main", file: None, line: None },
        ];
        assert_eq!(own_frames(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_frame_without_a_line_keeps_its_file() {
        let read = frames("   0: shop::cart\n             at ./src/cart.rs\n").collect::<Vec<_>>();
        assert_eq!(read, [Frame { function: "shop::cart", file: Some("./src/cart.rs"), line: None }]);
    }
}
