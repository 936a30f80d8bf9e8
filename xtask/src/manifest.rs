//! The generated parts of Cargo.toml: binaries, and the routes of `cargo lambda watch`.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Tables;

pub(crate) fn parts(tables: &Tables) -> Vec<(String, String)> {
    vec![("watch routes".to_owned(), routes(tables)), ("binaries".to_owned(), binaries(tables))]
}

fn routes(tables: &Tables) -> String {
    let mut order = Vec::new();
    let mut targets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for endpoint in &tables.endpoints {
        for (method, path) in endpoint.methods() {
            let target = format!("{{ function = \"{}\", method = \"{method}\" }}", endpoint.name);
            if !targets.contains_key(path) {
                order.push(path);
            }
            targets.entry(path).or_default().push(target);
        }
    }
    order.iter().fold(String::new(), |mut lines, path| {
        let _ = writeln!(lines, "\"{path}\" = [{}]", targets[path].join(", "));
        lines
    })
}

fn binaries(tables: &Tables) -> String {
    let mut names: Vec<&str> = tables.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    names.sort_unstable();
    let binary = |name: &&str| format!("[[bin]]\nname = \"{name}\"\npath = \"functions/{name}.rs\"\nbench = false\n");
    names.iter().map(binary).collect::<Vec<_>>().join("\n")
}
