//! Captures backtraces and keeps only the frames of the application.

use std::backtrace::{Backtrace, BacktraceStatus};

use crudder_text::backtrace::shorten;

/// The files that every report passes through; as innermost frames they are of no use.
const OWN_FILES: [&str; 6] = [
    file!(),
    "telemetry/src/panic.rs",
    "telemetry/src/report/fields.rs",
    "telemetry/src/report/mod.rs",
    "telemetry/src/root_span.rs",
    "telemetry/src/telemetry.rs",
];

/// Captures a shortened backtrace. The first one of a process reads the binary's debug information:
/// some 50 ms of a whole CPU, of which a small function has a fraction. A panic is worth that.
pub(crate) fn capture() -> String {
    shorten(&Backtrace::force_capture().to_string(), &OWN_FILES)
}

/// Captures a shortened backtrace if `RUST_LIB_BACKTRACE` or `RUST_BACKTRACE` enables it, as std
/// reads them. An outage makes many errors in many young processes, so the default is the error's
/// location and its source chain.
pub(crate) fn capture_if_enabled() -> Option<String> {
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| shorten(&backtrace.to_string(), &OWN_FILES))
}
