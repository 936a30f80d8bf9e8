//! The docs name files and tests that exist, and stay short.

use crate::read;
use crate::sources::files;

/// Returns every `path::test` that a page names, and the numbers of its rows.
fn pitfalls() -> (Vec<u32>, Vec<(String, String)>) {
    let page = read("docs/pitfalls.md");
    let numbers = page.lines().filter_map(|line| line.strip_prefix("### ")?.split('.').next()?.parse().ok()).collect();
    (numbers, tests_in(&page))
}

/// Returns the tests that a page names as `path/to/file.rs::test_name`.
fn tests_in(page: &str) -> Vec<(String, String)> {
    let named = page.split('`').filter_map(|quoted| quoted.split_once(".rs::"));
    named.map(|(path, test)| (format!("{path}.rs"), test.to_owned())).collect()
}

#[test]
fn the_pitfalls_are_numbered_and_their_tests_exist() {
    let (numbers, named) = pitfalls();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<u32>>());
    assert!(numbers.len() >= 32, "only {} pitfalls", numbers.len());
    assert!(named.len() > 32, "only {} tests are named", named.len());
}

#[test]
fn every_test_that_a_page_names_exists() {
    for page in files(&[".md"]) {
        for (path, test) in tests_in(&read(&page)) {
            assert!(read(&path).contains(&format!("fn {test}(")), "{page} names {path}::{test}, which does not exist");
        }
    }
}

/// Pages with the most words or lines that they may have.
const LENGTHS: [(&str, Unit, usize); 2] = [("README.md", Unit::Lines, 100), ("ARCHITECTURE.md", Unit::Words, 1_800)];

#[derive(Debug, Clone, Copy)]
enum Unit {
    Lines,
    Words,
}

#[test]
fn the_first_pages_stay_short() {
    for (page, unit, most) in LENGTHS {
        let text = read(page);
        let length = match unit {
            Unit::Lines => text.lines().count(),
            Unit::Words => text.split_whitespace().count(),
        };
        assert!(length <= most, "{page} has {length} {unit:?}, at most {most} are allowed");
    }
}

/// Lines longer than this must be one sentence, a table row, a link or code.
const COLUMNS: usize = 100;

/// Whether a long line has more than one sentence: a full stop, then a capital letter.
fn has_several_sentences(line: &str) -> bool {
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
    let starts = prose.match_indices(". ").filter(|(at, _)| {
        let is_abbreviation = ["e.g", "i.e", "etc", "vs"].iter().any(|word| prose[..*at].ends_with(word));
        !is_abbreviation && prose[at + 2..].chars().next().is_some_and(char::is_uppercase)
    });
    starts.count() > 0
}

#[test]
fn a_line_of_prose_is_one_sentence_or_fits_the_columns() {
    let mut faults = Vec::new();
    for page in files(&[".md"]) {
        let mut is_code = false;
        for (number, line) in read(&page).lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            let is_prose = !is_code && !line.starts_with(['|', '<', '[', ' ']) && !line.starts_with("![");
            if is_prose && line.chars().count() > COLUMNS && has_several_sentences(line) {
                faults.push(format!("{page}:{}", number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "one sentence a line, or at most {COLUMNS} columns: {faults:#?}");
}

#[test]
fn a_long_line_with_two_sentences_is_found() {
    assert!(has_several_sentences("It runs. The other waits."));
    assert!(!has_several_sentences("It runs e.g. Like this, or `a. B` in code, with version 1.2 of it."));
}
