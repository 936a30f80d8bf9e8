//! What must be true of the house itself: each endpoint whole, each wall standing, the papers true to the code.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crudder_local::template::{Access, Template};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of a folder's files with one ending, without it.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

/// Every file of ours with Rust in it.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn template() -> Template {
    Template::read(&root().join("template.yaml"), &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

/// The five places where an endpoint must stand, by its name.
#[derive(Clone)]
struct Endpoints {
    functions: BTreeSet<String>,
    bins: BTreeSet<String>,
    resources: BTreeSet<String>,
    events: BTreeSet<String>,
    tests: BTreeSet<String>,
}

impl Endpoints {
    fn of_this_house() -> Self {
        let manifest = read("Cargo.toml");
        let bins = manifest.split("[[bin]]").skip(1).map(|bin| {
            let name = bin.split('"').nth(1).unwrap().to_owned();
            assert!(bin.contains(&format!("path = \"functions/{name}.rs\"")), "the bin {name} has another path");
            name
        });
        let tests = names("tests/edge", ".rs").into_iter().map(|name| name.replace('_', "-"));
        let resources = template().functions.into_iter().map(|function| {
            assert_eq!(function.resource, pascal(&function.binary), "a resource is named after its binary");
            function.binary
        });
        Self {
            functions: names("functions", ".rs"),
            bins: bins.collect(),
            resources: resources.collect(),
            events: names("events", ".json"),
            tests: tests.collect(),
        }
    }

    /// What is missing, in words.
    fn missing(&self) -> Vec<String> {
        let all: BTreeSet<&String> =
            [&self.functions, &self.bins, &self.resources, &self.events].into_iter().flatten().collect();
        let places = [
            ("file in functions/", &self.functions),
            ("[[bin]] in Cargo.toml", &self.bins),
            ("function in template.yaml", &self.resources),
            ("event in events/", &self.events),
            ("test in tests/edge/", &self.tests),
        ];
        let lacks = places.iter().flat_map(|(place, held)| {
            all.iter().filter(|name| !held.contains(**name)).map(move |name| format!("{name} has no {place}"))
        });
        lacks.collect()
    }
}

fn pascal(name: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('-').map(capital).collect()
}

#[test]
fn every_endpoint_has_its_bin_resource_event_and_test() {
    assert_eq!(Endpoints::of_this_house().missing(), Vec::<String>::new());
}

#[test]
fn an_endpoint_that_misses_one_of_the_five_is_named() {
    let whole = Endpoints::of_this_house();
    type Place = fn(&mut Endpoints) -> &mut BTreeSet<String>;
    let places: [(Place, &str); 5] = [
        (|all| &mut all.functions, "health-check has no file in functions/"),
        (|all| &mut all.bins, "health-check has no [[bin]] in Cargo.toml"),
        (|all| &mut all.resources, "health-check has no function in template.yaml"),
        (|all| &mut all.events, "health-check has no event in events/"),
        (|all| &mut all.tests, "health-check has no test in tests/edge/"),
    ];
    for (place, said) in places {
        let mut broken = whole.clone();
        assert!(place(&mut broken).remove("health-check"));
        assert_eq!(broken.missing(), [said]);
    }
}

#[test]
fn every_function_but_a_trigger_has_a_route() {
    for function in template().functions {
        let trigger = function.binary == "post-confirmation";
        assert_eq!(function.routes.is_empty(), trigger, "{}: {:?}", function.binary, function.routes);
    }
}

/// The template with one route's path exchanged, as somebody might write it.
fn with_path(old: &str, new: &str) -> String {
    let text = read("template.yaml");
    assert!(text.contains(old), "template.yaml has no {old}");
    text.replacen(old, new, 1)
}

#[test]
fn a_route_that_aws_refuses_is_refused_here() {
    let refused = [
        ("\"/api/activities/{id}/reply\"", "\"/api/activities/@{id}/reply\"", "CreateReply"),
        ("\"/api/activities/{id}/reply\"", "\"/api/activities/{uuid}/reply\"", "a level has one variable"),
        ("\"/api/health-check\"", "\"/api/activities/home\"", "HealthCheck"),
        ("Timeout: 10", "Timeout: 30", "29"),
    ];
    for (old, new, said) in refused {
        let answer = Template::parse(&with_path(old, new), &BTreeMap::new());
        let error = answer.map(|_| ()).expect_err(new).to_string();
        assert!(error.contains(said), "{new}: {error}");
    }
}

#[test]
fn a_function_is_a_sentence() {
    for name in names("functions", ".rs") {
        let text = read(&format!("functions/{name}.rs"));
        let lines = text.lines().count();
        assert!(text.starts_with("//! "), "{name} does not say what it is for");
        assert!((12..=40).contains(&lines), "{name} has {lines} lines");
        for stranger in
            ["aws_sdk", "aws_config", "lambda_http", "lambda_runtime", "reqwest", "std::env", "unwrap", "if "]
        {
            let told = text.matches(stranger).count() - usize::from(name == "rollbar-test" && stranger == "if ");
            assert_eq!(told, 0, "{name} names {stranger}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut found = Vec::new();
    sources(root(), &mut found);
    assert!(found.len() > 50, "only {} files found", found.len());
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not say in its first line what it is for", path.display());
    }
}

/// Who of ours may stand on whom; a crate that is not named here is a new room, and this table must name it.
#[test]
fn the_walls_stand() {
    let allowed: &[(&str, &[&str])] = &[
        ("api", &["domain", "store", "telemetry"]),
        ("cli", &["extension", "local"]),
        ("domain", &[]),
        ("extension", &["recorder", "telemetry"]),
        ("local", &["domain", "stage", "store", "vendors"]),
        ("recorder", &[]),
        ("stage", &[]),
        ("store", &["domain"]),
        ("telemetry", &["recorder"]),
        ("vendors", &[]),
    ];
    let crates: BTreeSet<String> = names("crates", "");
    assert_eq!(crates, allowed.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, walls) in allowed {
        let ours = dependencies(&format!("crates/{name}"))
            .into_iter()
            .filter_map(|crate_| crate_.strip_prefix("crudder-").map(str::to_owned));
        for other in ours {
            assert!(walls.contains(&other.as_str()), "crates/{name} must not stand on crates/{other}");
        }
    }
}

#[test]
fn the_layer_is_its_library_and_a_main() {
    let meant = ["crudder-extension", "tokio"].map(str::to_owned);
    assert_eq!(dependencies("layer"), BTreeSet::from(meant));
}

#[test]
fn each_sdk_is_known_to_one_crate() {
    let owners: [(&str, &[&str]); 3] =
        [("aws-sdk-dynamodb", &["store"]), ("aws-sdk-xray", &["cli"]), ("lambda_http", &["api", "telemetry"])];
    for (sdk, owners) in owners {
        for name in names("crates", "") {
            assert!(
                owners.contains(&name.as_str()) || !dependencies(&format!("crates/{name}")).contains(sdk),
                "crates/{name} knows {sdk}; only {owners:?} may"
            );
        }
    }
    // Functions without HTTP use telemetry, too.
    let optional = "lambda_http = { workspace = true, optional = true }";
    assert!(read("crates/telemetry/Cargo.toml").contains(optional), "crates/telemetry must not require lambda_http");
}

/// What the `[dependencies]` of a crate in this folder name.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let lines = section.lines().filter(|line| !line.starts_with(['#', ' ', ']']) && !line.is_empty());
    lines.map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned()).collect()
}

#[test]
fn only_the_recorder_may_be_unsafe() {
    for name in names("crates", "") {
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        let inherits = manifest.contains("[lints]\nworkspace = true");
        assert_eq!(
            inherits,
            name != "recorder",
            "crates/{name} must take the workspace's lints, `unsafe_code = \"forbid\"` among them"
        );
    }
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
}

/// `METHOD /path` of every route.
fn routes() -> BTreeSet<String> {
    template().routes().map(|(_, route)| format!("{} {}", route.method, route.path)).collect()
}

#[test]
fn the_readmes_table_of_endpoints_is_the_templates() {
    let readme = read("README.md");
    let rows = readme.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        let (binary, route, caller) = (cells.next()?, cells.next()?, cells.next()?);
        (route.contains(" /") || route.starts_with("Cognito")).then_some((binary, route, caller))
    });
    let told: BTreeSet<_> = rows.collect();
    let mut meant = BTreeSet::new();
    for function in template().functions {
        for route in &function.routes {
            let caller = if route.access == Access::Anyone { "anyone" } else { "signed in" };
            meant.insert((function.binary.clone(), format!("{} {}", route.method, route.path), caller.to_owned()));
        }
        if function.routes.is_empty() {
            meant.insert((function.binary, "Cognito, after a sign-up is confirmed".to_owned(), "Cognito".to_owned()));
        }
    }
    assert_eq!(told, meant);
}

#[test]
fn the_openapi_file_describes_every_route() {
    let text = read("openapi.yaml");
    let mut path = String::new();
    let mut told = BTreeSet::new();
    for line in text.split("\ncomponents:").next().unwrap().lines() {
        if let Some(found) = line.strip_prefix("  /") {
            path = format!("/{}", found.trim_end_matches(':'));
        } else if let Some(method) = line.strip_prefix("    ").and_then(|line| line.strip_suffix(':'))
            && ["get", "post", "put", "delete", "patch"].contains(&method)
        {
            told.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_eq!(told, routes());
}

/// Every `path::test` that the page of traps names, and the numbers of its traps.
fn traps() -> (Vec<u32>, Vec<(String, String)>) {
    let page = read("docs/pitfalls.md");
    let numbers = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    let named = page.split('`').filter_map(|quoted| quoted.split_once(".rs::"));
    (numbers, named.map(|(path, test)| (format!("{path}.rs"), test.to_owned())).collect())
}

#[test]
fn every_trap_is_told_and_the_tests_that_catch_it_are_there() {
    let (numbers, named) = traps();
    assert_eq!(numbers, (1..=32).collect::<Vec<u32>>());
    assert!(named.len() > 32, "only {} tests are named", named.len());
    for (path, test) in named {
        assert!(
            read(&path).contains(&format!("fn {test}(")),
            "docs/pitfalls.md names {path}::{test}, which is not there"
        );
    }
}

#[test]
fn a_pages_traceparent_is_let_through() {
    let template = read("template.yaml");
    let allowed = template.lines().find_map(|line| line.trim().strip_prefix("AllowHeaders:")).unwrap();
    for header in ["traceparent", "tracestate", "X-Amzn-Trace-Id"] {
        assert!(allowed.contains(header), "CORS does not allow {header}: {allowed}");
    }
}
