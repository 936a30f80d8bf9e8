//! The generated list of modules of tests/edge/main.rs: one an endpoint.

use crate::Tables;

pub(crate) fn parts(tables: &Tables) -> Vec<(String, String)> {
    let mut modules: Vec<String> =
        tables.endpoints.iter().map(|endpoint| format!("mod {};\n", endpoint.name.replace('-', "_"))).collect();
    modules.sort();
    vec![("modules".to_owned(), modules.concat())]
}
