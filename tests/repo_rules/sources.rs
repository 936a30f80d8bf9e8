//! Finds the files that the rules read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// Folders whose files others wrote, or that hold no source.
const EXCLUDED: [&str; 7] = ["target", "vendored", "node_modules", "corpus", "seeds", "images", "artifacts"];

/// Returns every file of the repository with one of these endings, by its path from the root.
pub(crate) fn files(endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    collect(root(), endings, &mut found);
    found.sort();
    let relative = |path: &PathBuf| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    found.iter().map(relative).collect()
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            let is_hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
            if !is_hidden && !EXCLUDED.contains(&name) {
                collect(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}
