//! The generated table of endpoints in README.md.

use std::fmt::Write;

use crate::Tables;

pub(crate) fn parts(tables: &Tables) -> Vec<(String, String)> {
    let mut lines = "\n| function | route | caller |\n| --- | --- | --- |\n".to_owned();
    for endpoint in &tables.endpoints {
        let caller = endpoint.caller.as_str();
        for (method, path) in endpoint.methods() {
            let _ = writeln!(lines, "| `{}` | {method} {path} | {caller} |", endpoint.name);
        }
        if endpoint.routes.is_empty() {
            let _ = writeln!(lines, "| `{}` | {caller}, after a sign-up is confirmed | {caller} |", endpoint.name);
        }
    }
    lines.push('\n');
    vec![("endpoints".to_owned(), lines)]
}
