//! The style of source files: a first line, imports, modules.

use std::collections::BTreeMap;

use crate::read;
use crate::sources::files;

#[test]
fn every_file_begins_with_a_line_that_describes_it() {
    let files = files(&[".rs"]);
    assert!(files.len() > 50, "only {} files found", files.len());
    for file in files {
        let text = read(&file);
        let is_described = text.starts_with("//! ") || text.starts_with("#![doc = include_str!(\"../README.md\")]");
        assert!(is_described, "{file} must begin with a `//!` line that describes it");
    }
}

/// Returns the use declarations of a file, each in one line without its `use` and semicolon.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim();
        let is_start =
            ["use ", "pub use ", "pub(crate) use ", "pub(super) use "].iter().any(|start| bare.starts_with(start));
        match &mut open {
            Some(import) => import.push_str(bare),
            None if is_start && !bare.contains('"') && !bare.contains('(') => open = Some(bare.to_owned()),
            None => continue,
        }
        if bare.ends_with(';') {
            found.extend(open.take());
        }
    }
    let path = |import: String| import.split_once("use ").unwrap().1.trim_end_matches(';').to_owned();
    found.into_iter().map(path).collect()
}

/// Returns why an import does not have module granularity.
fn problem(import: &str) -> Option<&'static str> {
    let (_, names) = import.split_once('{')?;
    if names.contains('{') {
        return Some("braces within braces");
    }
    names.contains("::").then_some("a path within braces")
}

#[test]
fn imports_have_module_granularity() {
    for file in files(&[".rs"]) {
        for import in imports(&read(&file)) {
            let problem = problem(&import);
            assert_eq!(problem, None, "{file}: use {import}: write one `use` a module");
        }
    }
}

#[test]
fn an_import_of_another_granularity_is_found() {
    let text = "use a::b::{c, d};\n    use a::{\n    b,\n    c::D,\n};\npub use x::{y::{z}};\nlet use_it = 1;\n";
    let imports = imports(text);
    assert_eq!(imports, ["a::b::{c, d}", "a::{b,c::D,}", "x::{y::{z}}"]);
    let problems: Vec<_> = imports.iter().map(|import| problem(import)).collect();
    assert_eq!(problems, [None, Some("a path within braces"), Some("braces within braces")]);
}

#[test]
fn a_module_with_children_is_a_mod_rs_file() {
    let files = files(&[".rs"]);
    for file in &files {
        let folder = file.trim_end_matches(".rs");
        let has_children =
            files.iter().any(|other| other.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
        let is_target = ["tests/", "benches/", "examples/", "fuzz_targets/"]
            .iter()
            .any(|targets| folder.rsplit_once(targets).is_some_and(|(_, name)| !name.contains('/')));
        assert!(!has_children || is_target, "{file} has submodules: move it to {folder}/mod.rs");
    }
}

#[test]
fn no_crate_defines_a_constant_that_testing_has() {
    let mut timeouts: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(&[".rs"]) {
        let count = read(&file)
            .lines()
            .filter(|line| {
                line.trim_start()
                    .trim_start_matches("pub")
                    .trim_start_matches("(crate)")
                    .trim_start()
                    .starts_with("const TIMEOUT: Duration")
            })
            .count();
        if count > 0 && (file.contains("tests/") || file.contains("benches/")) {
            timeouts.insert(file, count);
        }
    }
    assert_eq!(timeouts, BTreeMap::new(), "use crudder_testing::TIMEOUT");
}
