//! docs/costs.md: its parameters exist, and its sums are right.

use std::path::Path;

use crate::policy::document;

/// Reads docs/costs.md.
fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/costs.md")).unwrap()
}

#[test]
fn every_parameter_in_the_costs_exists() {
    let (page, document) = (page(), document());
    let parameters = document.sections()["Parameters"].as_object().unwrap();
    let settings = page.split("## How each setting moves it").nth(1).unwrap();
    let named = settings.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut count = 0;
    for name in named {
        // The memory of a function is a property, not a parameter.
        assert!(parameters.contains_key(name) || name == "MemorySize", "there is no parameter {name}");
        count += 1;
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn the_costs_of_a_million_requests_add_up() {
    let page = page();
    let table = page.split("## A million requests").nth(1).unwrap().split("\n## ").next().unwrap();
    let value = |line: &str| line.trim_end_matches(" |").rsplit(' ').next().and_then(|text| text.parse::<f64>().ok());
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).collect();
    let (sums, parts): (Vec<&str>, Vec<&str>) = rows.into_iter().partition(|line| line.starts_with("| together"));
    let sum: f64 = parts.iter().filter_map(|line| value(line)).sum();
    assert!(parts.len() > 8 && (sum - value(sums[0]).unwrap()).abs() < 0.02, "the sum is {sum}, the page has {sums:?}");
}
