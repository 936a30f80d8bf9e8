//! Captures backtraces, shortened to the frames that tell something.

use std::backtrace::{Backtrace, BacktraceStatus};

use crudder_text::backtrace::shorten;

/// The files through which every report comes; innermost, they tell nothing.
const OWN_FILES: [&str; 4] =
    [file!(), "telemetry/src/report.rs", "telemetry/src/panic.rs", "telemetry/src/telemetry.rs"];

/// The way that led here, shortened. The first one of a process reads the binary's debug information: some 50 ms of a whole CPU, of
/// which a small function has a fraction. A panic is worth that.
pub(crate) fn capture() -> String {
    shorten(&Backtrace::force_capture().to_string(), &OWN_FILES)
}

/// The same where the process asks for backtraces of errors, by `RUST_LIB_BACKTRACE` or `RUST_BACKTRACE` as std reads them. An
/// outage makes many errors in many young processes; unasked, their place and their source chain have to do.
pub(crate) fn capture_if_asked() -> Option<String> {
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| shorten(&backtrace.to_string(), &OWN_FILES))
}
