//! The figures of a benchmark for the table at the end of `cargo bench` (crates/extension/benches/promises.rs),
//! one file per benchmark in the target folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A line of the table.
pub(crate) struct Row {
    /// The number of the promise, and a letter if it has several parts; "-" for a figure without a promise.
    pub(crate) promise: &'static str,
    pub(crate) what: String,
    pub(crate) target: &'static str,
    pub(crate) figure: String,
    /// `None` without a target.
    pub(crate) is_kept: Option<bool>,
}

impl Row {
    pub(crate) fn new(
        promise: &'static str,
        what: &str,
        target: &'static str,
        figure: String,
        is_kept: impl Into<Option<bool>>,
    ) -> Self {
        Self { promise, what: what.to_owned(), target, figure, is_kept: is_kept.into() }
    }
}

/// The folder of the rows.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("promises")
}

/// Writes the rows of a benchmark, or of a part of one, over those of its last run.
pub(crate) fn hand_over(part: &str, rows: &[Row]) -> std::io::Result<()> {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut text = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    for Row { promise, what, target, figure, is_kept } in rows {
        let kept = is_kept.map_or("", |is_kept| if is_kept { "yes" } else { "**no**" });
        let _ = write!(text, "\n| {promise} | {what} | {target} | {figure} | {kept} |");
    }
    std::fs::create_dir_all(folder())?;
    std::fs::write(folder().join(part), text)
}
