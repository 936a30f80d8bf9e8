//! Prints the table of promises. `cargo bench` runs this last, after the benchmarks have left their
//! figures.
#![expect(clippy::print_stdout, reason = "a table is what this program is for")]

#[path = "../../../benches/shared/rows.rs"]
#[expect(dead_code, reason = "this program only reads rows")]
mod rows;

use std::fs;
use std::io::Result;
use std::time::Duration;

/// Each promise, and the command that measures it.
const PROMISES: [(&str, &str); 26] = [
    ("1a", "cargo bench -p crudder-extension --bench layer -- cycles"),
    ("1b", "cargo bench -p crudder-extension --bench layer -- cycles"),
    ("2a", "cargo bench -p crudder-extension --bench layer -- cycles"),
    ("2b", "make bench"),
    ("3", "cargo bench -p crudder-extension --bench layer -- cycles"),
    ("4a", "cargo bench -p crudder-extension --bench layer -- cycles"),
    ("4b", "cargo bench -p crudder-extension --bench layer -- cycles"),
    ("5a", "cargo bench -p crudder-recorder --bench ring"),
    ("5b", "cargo bench -p crudder-recorder --bench ring"),
    ("5c", "cargo bench -p crudder-telemetry --bench counts"),
    ("6", "cargo bench -p crudder-extension --bench layer -- starts"),
    ("7a", "cargo bench -p crudder-extension --bench layer -- starts"),
    ("7b", "cargo bench -p crudder-extension --bench layer -- starts"),
    ("8a", "cargo bench -p crudder-extension --bench layer -- load"),
    ("8b", "cargo bench -p crudder-extension --bench layer -- load"),
    ("8c", "make build sizes"),
    ("9a", "cargo bench -p crudder-extension --bench layer -- load"),
    ("9b", "make bench"),
    ("10a", "make build sizes"),
    ("10b", "make build sizes"),
    ("11a", "cargo bench -p crudder-telemetry --bench cost"),
    ("11b", "cargo bench -p crudder-extension --bench layer -- growth"),
    ("12", "cargo bench -p crudder-store --bench growth"),
    ("13a", "cargo bench -p crudder-extension --bench local"),
    ("13b", "cargo bench -p crudder-extension --bench local"),
    ("14", "make chaos"),
];

fn main() -> Result<()> {
    let (mut found, mut sources) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(rows::folder())?.flatten() {
        let text = fs::read_to_string(entry.path())?;
        let (load, lines) = text.split_once('\n').unwrap_or((&text, ""));
        found.extend(lines.lines().map(str::to_owned));
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        sources.push(format!("{}: {} ago, load average {load}", entry.file_name().display(), shown(age)));
    }
    println!("\n| # | promise | target | measured | kept |\n| --- | --- | --- | --- | --- |");
    for (promise, command) in PROMISES {
        let begin = format!("| {promise} |");
        let mut rows = found.iter().filter(|row| row.starts_with(&begin)).peekable();
        if rows.peek().is_none() {
            println!("{begin} | | not measured here: `{command}` | |");
        }
        rows.for_each(|row| println!("{row}"));
    }
    found.iter().filter(|row| row.starts_with("| - |")).for_each(|row| println!("{row}"));
    sources.sort();
    println!("\n{}", sources.join("\n"));
    Ok(())
}

/// Formats the age of figures, so that old ones are not taken for those of this run.
fn shown(age: Duration) -> String {
    match age.as_secs() / 60 {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes => format!("{} h", minutes / 60),
    }
}
