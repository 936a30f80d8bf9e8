//! Rules of the repository that the compiler does not check.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod cycles;
mod dependencies;
mod doc_links;
mod docs;
mod endpoints;
mod sources;
mod style;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crudder_local::template::Template;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the names of a folder's files with this ending, without it.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

fn template() -> Template {
    Template::read(&root().join("template.yaml"), &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}
