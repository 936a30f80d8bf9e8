//! Generates the repeated parts of the repository from its two tables, `endpoints.yaml` and
//! `settings.yaml`.
//!
//! Generated parts are committed. `cargo xtask generate` writes them, and a test fails when one of
//! them is stale. A part of a file stands between two marker lines, see [`region`].

pub mod endpoints;
mod event;
mod manifest;
mod readme;
pub mod region;
pub mod settings;
mod template;
mod test_modules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use endpoints::Endpoint;
use settings::Setting;

/// A file that cannot be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A table is not valid YAML, or has unknown or missing fields.
    #[error("{file}: {source}")]
    Table {
        /// The table.
        file: &'static str,
        /// The parser's error, with its position.
        source: yaml_serde::Error,
    },
    /// A row contradicts another row or a limit of AWS.
    #[error("{file}: {row}: {problem}")]
    Row {
        /// The table.
        file: &'static str,
        /// The name of the row.
        row: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// A file lacks the place of a generated part.
    #[error("{file}: no generated part {part}: {problem}")]
    Region {
        /// The file.
        file: String,
        /// The name of the part.
        part: String,
        /// What is missing.
        problem: &'static str,
    },
}

/// The two tables.
#[derive(Debug, Clone)]
pub struct Tables {
    /// One row an endpoint, in the order of `endpoints.yaml`.
    pub endpoints: Vec<Endpoint>,
    /// One row an environment variable, in the order of `settings.yaml`.
    pub settings: Vec<Setting>,
}

impl Tables {
    /// Reads both tables of the repository at `root`.
    ///
    /// # Errors
    /// A file that is missing or does not parse, or a row that contradicts another.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let tables = Self {
            endpoints: table("endpoints.yaml", &read(root, "endpoints.yaml")?)?,
            settings: table("settings.yaml", &read(root, "settings.yaml")?)?,
        };
        endpoints::check(&tables.endpoints)?;
        settings::check(&tables.settings)?;
        Ok(tables)
    }
}

fn table<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<T>, Error> {
    yaml_serde::from_str(text).map_err(|source| Error::Table { file, source })
}

fn read(root: &Path, file: &str) -> Result<String, Error> {
    let path = root.join(file);
    std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })
}

/// The text as a YAML scalar: plain where that is safe, else quoted.
pub(crate) fn yaml_text(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':');
    if is_plain { text.to_owned() } else { format!("{text:?}") }
}

/// The text that each generated file of the repository at `root` must have, by its path from there.
///
/// # Errors
/// A table or a file that cannot be read, or a file without the marker lines of a generated part.
pub fn generate(root: &Path, tables: &Tables) -> Result<BTreeMap<String, String>, Error> {
    let mut files = BTreeMap::new();
    for (file, parts) in [
        ("template.yaml", template::parts(tables)?),
        ("Cargo.toml", manifest::parts(tables)),
        ("README.md", readme::parts(tables)),
        ("docs/settings.md", settings::reference(tables)),
        ("tests/edge/main.rs", test_modules::parts(tables)),
    ] {
        let mut text = read(root, file)?;
        for (part, lines) in &parts {
            text = region::replace(file, &text, part, lines)?;
        }
        files.insert(file.to_owned(), text);
    }
    for (part, between, value) in template::inline_parts(tables) {
        let text = files.entry("template.yaml".to_owned()).or_default();
        *text = region::replace_between("template.yaml", text, part, between, &value)?;
    }
    for (file, text) in settings::constants(tables) {
        files.insert(file, text);
    }
    for endpoint in &tables.endpoints {
        let file = format!("events/{}.json", endpoint.name);
        if !root.join(&file).exists() && !endpoint.routes.is_empty() {
            files.insert(file, event::skeleton(endpoint));
        }
    }
    Ok(files)
}

/// The generated files whose committed text differs from what [`generate`] returns.
///
/// # Errors
/// As [`generate`].
pub fn stale(root: &Path) -> Result<Vec<String>, Error> {
    let files = generate(root, &Tables::read(root)?)?;
    let differs = |(file, text): (String, String)| (read(root, &file).ok() != Some(text)).then_some(file);
    Ok(files.into_iter().filter_map(differs).collect())
}

/// Writes every generated file that is stale, and returns their paths.
///
/// # Errors
/// As [`generate`], or a file that cannot be written.
pub fn write(root: &Path) -> Result<Vec<String>, Error> {
    let files = generate(root, &Tables::read(root)?)?;
    let mut written = Vec::new();
    for (file, text) in files {
        if read(root, &file).ok().as_ref() != Some(&text) {
            let path = root.join(&file);
            std::fs::write(&path, text).map_err(|source| Error::File { path, source })?;
            written.push(file);
        }
    }
    Ok(written)
}
