//! No two files of a crate import each other, directly or through others.
//!
//! A module holds its submodules, so an import by a module from its own submodule does not count.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::files;
use crate::{names, read};

/// The files that each file of a crate imports names from.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns the module path of each file: `a/b.rs` and `a/b/mod.rs` are `a::b`, lib.rs and main.rs are the empty path.
fn modules(folder: &str) -> BTreeMap<Vec<String>, String> {
    let prefix = format!("{folder}/src/");
    let sources =
        files(&[".rs"]).into_iter().filter_map(|file| Some((file.strip_prefix(&prefix)?.to_owned(), file.clone())));
    sources
        .filter(|(path, _)| !path.starts_with("bin/") && !path.contains("tests"))
        .map(|(path, file)| {
            let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            let is_root = matches!(path.as_slice(), [name] if name == "lib" || name == "main");
            (if is_root { Vec::new() } else { path }, file)
        })
        .collect()
}

/// Returns the code of a file without its unit tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Returns every path in `code` that begins in this crate, absolute, one a name within braces.
fn paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                continue;
            }
            let mut path: Vec<String> = if start == "crate::" { Vec::new() } else { module.to_vec() };
            let mut rest = &code[at..];
            while let Some(after) = rest.strip_prefix("super::") {
                path.pop();
                rest = after;
            }
            rest = rest.strip_prefix("crate::").or(rest.strip_prefix("self::")).unwrap_or(rest);
            let end = rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':')
                .unwrap_or(rest.len());
            let (names, list) = rest.split_at(end);
            path.extend(names.split("::").filter(|name| !name.is_empty()).map(str::to_owned));
            match list.strip_prefix('{').filter(|_| names.is_empty() || names.ends_with("::")) {
                Some(list) => {
                    for name in
                        list.split('}').next().unwrap().split(',').map(str::trim).filter(|name| !name.is_empty())
                    {
                        let name = name.split([' ', ':']).next().unwrap().to_owned();
                        found.push(path.iter().cloned().chain([name]).collect());
                    }
                }
                None => found.push(path),
            }
        }
    }
    found
}

fn graph(folder: &str) -> Graph {
    let modules = modules(folder);
    let mut graph = Graph::new();
    for (module, file) in &modules {
        let imported = graph.entry(file.clone()).or_default();
        for path in paths(&code(&read(file)), module) {
            let Some((target, target_file)) =
                (0..=path.len()).rev().find_map(|length| modules.get_key_value(&path[..length]))
            else {
                continue;
            };
            if !target.starts_with(module) {
                imported.insert(target_file.clone());
            }
        }
    }
    graph
}

/// Returns a cycle of the graph, if there is one.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    fn visit(file: &String, graph: &Graph, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(start) = path.iter().position(|seen| seen == file) {
            path.drain(..start);
            return true;
        }
        if !done.insert(file.clone()) {
            return false;
        }
        path.push(file.clone());
        let is_cycle = graph.get(file).into_iter().flatten().any(|next| visit(next, graph, path, done));
        if !is_cycle {
            path.pop();
        }
        is_cycle
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|file| {
        let mut path = Vec::new();
        visit(file, graph, &mut path, &mut done).then_some(path)
    })
}

#[test]
fn no_crate_has_an_import_cycle() {
    let folders = names("crates", "").into_iter().map(|name| format!("crates/{name}")).chain(["xtask".to_owned()]);
    let cycles: Vec<_> = folders.filter_map(|folder| cycle(&graph(&folder))).collect();
    assert_eq!(cycles, Vec::<Vec<String>>::new());
}

#[test]
fn a_cycle_is_found_and_shown_from_its_start() {
    let edges = [("a", "b"), ("b", "c"), ("c", "b"), ("d", "a")];
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    assert_eq!(cycle(&graph), Some(vec!["b".to_owned(), "c".to_owned()]));
    graph.remove("c");
    assert_eq!(cycle(&graph), None);
}

#[test]
fn imports_of_every_form_are_read() {
    let code = "use crate::a::B;\nuse super::{c, D};\nlet x = self::e::f();\nother_crate::g();\nuse crate::h;\n";
    let module = ["m".to_owned(), "n".to_owned()];
    let paths: BTreeSet<String> = paths(code, &module).into_iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::B", "h", "m::D", "m::c", "m::n::e::f"].map(str::to_owned).into());
}
