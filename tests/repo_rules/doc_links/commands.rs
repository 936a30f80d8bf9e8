//! Every `make` target and every Cargo target that a page names exists.

use std::collections::BTreeSet;

use super::markdown::code;
use crate::sources::files;
use crate::{names, read};

/// Returns each piece of code of all pages, with its page.
fn code_of_all_pages() -> Vec<(String, String)> {
    let pages = files(&[".md"]).into_iter();
    pages.flat_map(|page| code(&read(&page)).into_iter().map(move |code| (page.clone(), code))).collect()
}

/// Returns the commands in a piece of code: without prompts, comments and variables before them.
fn commands(code: &str) -> impl Iterator<Item = Vec<&str>> {
    code.split("&&").flat_map(|part| part.split([';', '|'])).map(|command| {
        let words = command.split_whitespace().skip_while(|word| *word == "$" || word.contains('='));
        words.take_while(|word| !word.starts_with('#')).collect()
    })
}

/// Returns the targets of `make` in a command: the words before the first that is no target.
fn make_targets<'a>(command: &[&'a str]) -> Vec<&'a str> {
    let Some((&"make", arguments)) = command.split_first() else { return Vec::new() };
    let is_name = |word: &&&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    arguments.iter().take_while(is_name).copied().collect()
}

/// Returns the targets of the Makefile.
fn known_make_targets() -> BTreeSet<String> {
    let makefile = read("Makefile");
    let rules = makefile.lines().filter_map(|line| line.split_once(':'));
    rules.map(|(target, _)| target.to_owned()).filter(|target| !target.contains([' ', '\t', '#'])).collect()
}

#[test]
fn every_make_target_that_a_page_names_exists() {
    let known = known_make_targets();
    let (mut count, mut problems) = (0, Vec::new());
    for (page, code) in code_of_all_pages() {
        for target in commands(&code).flat_map(|command| make_targets(&command)) {
            count += 1;
            if !known.contains(target) {
                problems.push(format!("{page} names `make {target}`, which does not exist"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 30, "only {count} targets found");
}

/// The options of Cargo that name a target or a package.
const OPTIONS: [(&str, &str); 6] = [
    ("-p", "package"),
    ("--package", "package"),
    ("--test", "test"),
    ("--bench", "bench"),
    ("--example", "example"),
    ("--bin", "bin"),
];

/// Returns the kind and the name of each target in a Cargo command. `…` stands for any name.
fn cargo_targets<'a>(command: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let Some((&"cargo", arguments)) = command.split_first() else { return Vec::new() };
    let arguments: Vec<&str> = arguments.iter().take_while(|word| **word != "--").copied().collect();
    let pairs = arguments.iter().enumerate().filter_map(|(index, word)| {
        let (option, value) = word.split_once('=').map_or((*word, None), |(option, value)| (option, Some(value)));
        let kind = OPTIONS.iter().find(|(known, _)| *known == option)?.1;
        Some((kind, value.or(arguments.get(index + 1).copied())?))
    });
    pairs.filter(|(_, name)| *name != "…").collect()
}

/// Returns the kind and the name of each package and of each target of all packages.
fn known_cargo_targets() -> BTreeSet<(&'static str, String)> {
    let mut known = BTreeSet::new();
    for path in files(&["Cargo.toml"]) {
        let manifest = format!("\n{}", read(&path));
        for (section, kind) in [
            ("[package]", "package"),
            ("[[test]]", "test"),
            ("[[bench]]", "bench"),
            ("[[example]]", "example"),
            ("[[bin]]", "bin"),
        ] {
            let heading = format!("\n{section}\n");
            let sections = manifest.split(&heading).skip(1);
            let named = sections.filter_map(|text| text.split("name = \"").nth(1)?.split('"').next());
            known.extend(named.map(|name| (kind, name.to_owned())));
        }
        let folder = path.trim_end_matches("Cargo.toml");
        for (place, kind) in [("tests", "test"), ("benches", "bench"), ("examples", "example"), ("src/bin", "bin")] {
            known.extend(found_targets(&format!("{folder}{place}")).into_iter().map(|name| (kind, name)));
        }
    }
    known
}

/// Returns the targets that Cargo finds in a folder: `name.rs` and `name/main.rs`.
fn found_targets(folder: &str) -> BTreeSet<String> {
    let path = crate::root().join(folder);
    if !path.is_dir() {
        return BTreeSet::new();
    }
    let folders = names(folder, "").into_iter().filter(|name| path.join(name).join("main.rs").is_file());
    names(folder, ".rs").into_iter().chain(folders).collect()
}

#[test]
fn every_cargo_target_that_a_page_names_exists() {
    let known = known_cargo_targets();
    let (mut count, mut problems) = (0, Vec::new());
    for (page, code) in code_of_all_pages() {
        for (kind, name) in commands(&code).flat_map(|command| cargo_targets(&command)) {
            count += 1;
            if !known.contains(&(kind, name.to_owned())) {
                problems.push(format!("{page} names the {kind} {name}, which does not exist"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 8, "only {count} targets found");
}

#[test]
fn the_targets_in_commands_are_found() {
    let targets = |code| commands(code).flat_map(|command| make_targets(&command)).collect::<Vec<_>>();
    assert_eq!(targets("$ A=b make build sizes ONLY=x && make test  # make no"), ["build", "sizes", "test"]);
    assert_eq!(targets("cargo make it"), Vec::<&str>::new());
    let targets = |code| commands(code).flat_map(|command| cargo_targets(&command)).collect::<Vec<_>>();
    let expected = [("package", "a"), ("test", "b"), ("bin", "c")];
    assert_eq!(targets("X=1 cargo test -p a --test=b -- --test no; cargo run --bin c --bin …"), expected);
}
