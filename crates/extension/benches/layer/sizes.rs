//! The sizes of what `make build` has built in `.aws-sam/build`. Deployed programs have a build
//! profile of their own, which takes longer than all of these benchmarks.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::process::stripped;
use crate::rows::Row;

const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.aws-sam/build");
const LAYER: &str = "CrudderLayer";

/// Returns a row for each program that was built.
pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let scratch = tempfile::tempdir()?;
    let layer = Path::new(BUILT).join(LAYER).join("extensions/crudder-extension");
    if let Some(size) = stripped(&layer, scratch.path()) {
        rows.push(Row::new("8c", "layer: binary, stripped", "at most 4 MB", format!("{size:.2} MB"), size <= 4.0));
    }
    let functions: Vec<[f64; 2]> = functions().iter().filter_map(|program| both(program, scratch.path())).collect();
    let Some(largest) = functions.iter().map(|[_, bare]| *bare).max_by(f64::total_cmp) else { return Ok(rows) };
    let more = functions.iter().map(|[whole, bare]| whole / bare - 1.0).fold(0.0, f64::max);
    let figure = format!("{largest:.1} MB, the largest of {} (zipped: `make sizes`)", functions.len());
    rows.push(Row::new("10a", "function binary as deployed, stripped", "at most 9 MB", figure, largest <= 9.0));
    let figure = format!("{:+.0} %", more * 100.0);
    rows.push(Row::new("10b", "what backtraces need, above that", "at most half", figure, more <= 0.5));
    rows.iter().for_each(|row| println!("{}: {}", row.what, row.figure));
    Ok(rows)
}

fn functions() -> Vec<PathBuf> {
    let artifacts = fs::read_dir(BUILT).into_iter().flatten().flatten();
    artifacts.map(|artifact| artifact.path().join("bootstrap")).filter(|program| program.is_file()).collect()
}

/// Returns the size in megabytes as deployed, and stripped.
fn both(program: &Path, scratch: &Path) -> Option<[f64; 2]> {
    Some([fs::metadata(program).ok()?.len() as f64 / 1e6, stripped(program, scratch)?])
}
