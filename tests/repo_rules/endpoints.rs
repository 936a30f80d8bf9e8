//! Each endpoint has all its parts, and routes that AWS accepts.

use std::collections::{BTreeMap, BTreeSet};

use crudder_local::template::{Access, Template};

use crate::{names, read, template};

/// The places where an endpoint must be, by its name.
#[derive(Clone)]
struct Endpoints {
    functions: BTreeSet<String>,
    bins: BTreeSet<String>,
    resources: BTreeSet<String>,
    events: BTreeSet<String>,
    tests: BTreeSet<String>,
}

impl Endpoints {
    fn of_this_repository() -> Self {
        let manifest = read("Cargo.toml");
        let bins = manifest.split("[[bin]]").skip(1).map(|bin| {
            let name = bin.split('"').nth(1).unwrap().to_owned();
            assert!(bin.contains(&format!("path = \"functions/{name}.rs\"")), "the bin {name} has another path");
            name
        });
        let tests = names("tests/edge", ".rs").into_iter().map(|name| name.replace('_', "-"));
        let resources = template().functions.into_iter().map(|function| {
            assert_eq!(function.resource, pascal_case(&function.binary), "a resource is named after its binary");
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

    /// Returns a sentence for each missing part.
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
        let lacking = places.iter().flat_map(|(place, present)| {
            all.iter().filter(|name| !present.contains(**name)).map(move |name| format!("{name} has no {place}"))
        });
        lacking.collect()
    }
}

fn pascal_case(name: &str) -> String {
    let capitalise = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('-').map(capitalise).collect()
}

#[test]
fn every_endpoint_has_its_bin_resource_event_and_test() {
    assert_eq!(Endpoints::of_this_repository().missing(), Vec::<String>::new());
}

#[test]
fn an_endpoint_that_lacks_a_part_is_named() {
    let whole = Endpoints::of_this_repository();
    type Place = fn(&mut Endpoints) -> &mut BTreeSet<String>;
    let places: [(Place, &str); 5] = [
        (|all| &mut all.functions, "health-check has no file in functions/"),
        (|all| &mut all.bins, "health-check has no [[bin]] in Cargo.toml"),
        (|all| &mut all.resources, "health-check has no function in template.yaml"),
        (|all| &mut all.events, "health-check has no event in events/"),
        (|all| &mut all.tests, "health-check has no test in tests/edge/"),
    ];
    for (place, expected) in places {
        let mut broken = whole.clone();
        assert!(place(&mut broken).remove("health-check"));
        assert_eq!(broken.missing(), [expected]);
    }
}

#[test]
fn every_function_but_a_trigger_has_a_route() {
    for function in template().functions {
        let is_trigger = function.binary == "post-confirmation";
        assert_eq!(function.routes.is_empty(), is_trigger, "{}: {:?}", function.binary, function.routes);
    }
}

/// Returns the template with one text replaced.
fn with_replaced(old: &str, new: &str) -> String {
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
    for (old, new, expected) in refused {
        let result = Template::parse(&with_replaced(old, new), &BTreeMap::new());
        let error = result.map(|_| ()).expect_err(new).to_string();
        assert!(error.contains(expected), "{new}: {error}");
    }
}

#[test]
fn a_function_is_short_and_names_no_sdk() {
    for name in names("functions", ".rs") {
        let text = read(&format!("functions/{name}.rs"));
        let lines = text.lines().count();
        assert!(text.starts_with("//! "), "{name} has no line that describes it");
        assert!((12..=40).contains(&lines), "{name} has {lines} lines");
        for word in ["aws_sdk", "aws_config", "lambda_http", "lambda_runtime", "reqwest", "std::env", "unwrap", "if "] {
            let is_the_fault_switch = name == "rollbar-test" && word == "if ";
            let count = text.matches(word).count() - usize::from(is_the_fault_switch);
            assert_eq!(count, 0, "{name} contains {word}");
        }
    }
}

/// Returns `METHOD /path` of every route.
fn routes() -> BTreeSet<String> {
    template().routes().map(|(_, route)| format!("{} {}", route.method, route.path)).collect()
}

#[test]
fn the_endpoints_in_readme_are_those_of_the_template() {
    let readme = read("README.md");
    let rows = readme.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        let (binary, route, caller) = (cells.next()?, cells.next()?, cells.next()?);
        (route.contains(" /") || route.starts_with("Cognito")).then_some((binary, route, caller))
    });
    let found: BTreeSet<_> = rows.collect();
    let mut expected = BTreeSet::new();
    for function in template().functions {
        for route in &function.routes {
            let caller = if route.access == Access::Anyone { "anyone" } else { "signed in" };
            expected.insert((function.binary.clone(), format!("{} {}", route.method, route.path), caller.to_owned()));
        }
        if function.routes.is_empty() {
            let route = "Cognito, after a sign-up is confirmed".to_owned();
            expected.insert((function.binary, route, "Cognito".to_owned()));
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn the_openapi_file_describes_every_route() {
    let text = read("openapi.yaml");
    let mut path = String::new();
    let mut found = BTreeSet::new();
    for line in text.split("\ncomponents:").next().unwrap().lines() {
        if let Some(route) = line.strip_prefix("  /") {
            path = format!("/{}", route.trim_end_matches(':'));
        } else if let Some(method) = line.strip_prefix("    ").and_then(|line| line.strip_suffix(':'))
            && ["get", "post", "put", "delete", "patch"].contains(&method)
        {
            found.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_eq!(found, routes());
}

#[test]
fn cors_allows_the_trace_headers_of_a_page() {
    let template = read("template.yaml");
    let allowed = template.lines().find_map(|line| line.trim().strip_prefix("AllowHeaders:")).unwrap();
    for header in ["traceparent", "tracestate", "X-Amzn-Trace-Id"] {
        assert!(allowed.contains(header), "CORS does not allow {header}: {allowed}");
    }
}
