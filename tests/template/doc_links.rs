//! The papers about deploying: their links lead somewhere, their commands and parameters are there, their sums are right.

use std::path::Path;

use crate::policy::document;

const PAGES: [&str; 8] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/deploy.md",
    "docs/costs.md",
    "docs/layer.md",
    "docs/scale.md",
    "docs/delivery.md",
    "docs/performance.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    for page in PAGES {
        let text = read(page);
        let folder = root().join(page).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if !target.is_empty() && !target.contains("://") {
                assert!(folder.join(target).exists(), "{page} links to {target}");
            }
        }
    }
}

#[test]
fn every_make_target_that_a_page_names_exists() {
    let makefile = read("Makefile");
    for page in PAGES {
        let text = read(page);
        let named = text.split("make ").skip(1).filter_map(|rest| {
            let word = rest.split([' ', '`', '\n', ',', ';', ')', ':', '.']).next()?;
            text_is_command(&text, word).then_some(word)
        });
        for target in named {
            assert!(makefile.contains(&format!("\n{target}:")), "{page} names `make {target}`");
        }
    }
}

/// In code, by its backtick or at a line's start; "make sense" is prose.
fn text_is_command(text: &str, word: &str) -> bool {
    text.contains(&format!("`make {word}")) || text.contains(&format!("\nmake {word}"))
}

#[test]
fn every_parameter_in_the_costs_exists() {
    let (page, document) = (read("docs/costs.md"), document());
    let parameters = document.sections()["Parameters"].as_object().unwrap();
    let settings = page.split("## How each setting moves it").nth(1).unwrap();
    let named = settings.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut count = 0;
    for name in named {
        // Memory is the functions' own and no parameter.
        assert!(parameters.contains_key(name) || name == "MemorySize", "{name}");
        count += 1;
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn the_costs_of_a_million_requests_add_up() {
    let page = read("docs/costs.md");
    let table = page.split("## A million requests").nth(1).unwrap().split("\n## ").next().unwrap();
    let value = |line: &str| line.trim_end_matches(" |").rsplit(' ').next().and_then(|text| text.parse::<f64>().ok());
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).collect();
    let (sums, parts): (Vec<&str>, Vec<&str>) = rows.into_iter().partition(|line| line.starts_with("| together"));
    let sum: f64 = parts.iter().filter_map(|line| value(line)).sum();
    assert!(parts.len() > 8 && (sum - value(sums[0]).unwrap()).abs() < 0.02, "{sum} against {sums:?}");
}
