//! `cargo xtask generate`: writes the generated parts of the repository.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command reports to its terminal")]

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask generate

Writes the generated parts of template.yaml, Cargo.toml, README.md, docs/settings.md, the
settings.rs of each crate, and missing sample events, from endpoints.yaml and settings.yaml.";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    match std::env::args().nth(1).as_deref() {
        Some("generate") => match xtask::write(root) {
            Ok(written) if written.is_empty() => println!("every generated file is up to date"),
            Ok(written) => written.iter().for_each(|file| println!("wrote {file}")),
            Err(error) => {
                eprintln!("failed to generate: {error}");
                return ExitCode::FAILURE;
            }
        },
        Some("help" | "--help" | "-h") => println!("{USAGE}"),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
