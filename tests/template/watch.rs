//! `cargo lambda watch` serves the routes of the template, although Cargo.toml has its own list of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use crudder_local::template::Template;

/// Returns `METHOD /path function` of each line of `[workspace.metadata.lambda.watch.router]`.
fn router() -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let section = manifest.split("\n[workspace.metadata.lambda.watch.router]\n").nth(1).unwrap();
    let lines = section.lines().take_while(|line| !line.starts_with('[')).filter(|line| line.starts_with('"'));
    lines
        .flat_map(|line| {
            let (path, targets) = line.trim_start_matches('"').split_once("\" = ").unwrap();
            let field = |target: &str, name: &str| {
                let rest = target.split_once(&format!("{name} = \"")).unwrap_or_else(|| panic!("{name} in {target}")).1;
                rest.split('"').next().unwrap().to_owned()
            };
            let targets = targets.split('{').skip(1);
            targets
                .map(|target| format!("{} {path} {}", field(target, "method"), field(target, "function")))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn cargo_lambda_watch_has_the_routes_of_the_template() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml");
    let template = Template::read(std::path::Path::new(path), &BTreeMap::new()).unwrap();
    let routes: BTreeSet<String> = template
        .routes()
        .map(|(function, route)| format!("{} {} {}", route.method, route.path, function.binary))
        .collect();
    assert!(routes.len() > 14);
    assert_eq!(router(), routes);
}
