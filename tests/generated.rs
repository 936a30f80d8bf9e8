//! The generated parts of the repository are up to date, and the template stays small.

use std::path::Path;

/// Lines of template.yaml that a person maintains.
const TEMPLATE_LINES_MAX: usize = 750;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn generated_files_are_up_to_date() {
    let stale = xtask::stale(root()).unwrap_or_else(|error| panic!("{error}"));
    assert!(stale.is_empty(), "{stale:?} differ from endpoints.yaml and settings.yaml: run `cargo xtask generate`");
}

#[test]
fn a_stale_part_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "endpoints.yaml",
        "settings.yaml",
        "template.yaml",
        "Cargo.toml",
        "README.md",
        "docs/settings.md",
        "tests/edge/main.rs",
    ] {
        let copy = folder.path().join(file);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(root().join(file), copy).unwrap();
    }
    for crate_ in ["api", "cli", "extension", "local", "store", "telemetry"] {
        let source = Path::new("crates").join(crate_).join("src");
        std::fs::create_dir_all(folder.path().join(&source)).unwrap();
        std::fs::copy(root().join(&source).join("settings.rs"), folder.path().join(&source).join("settings.rs"))
            .unwrap();
    }
    std::fs::create_dir(folder.path().join("events")).unwrap();
    xtask::write(folder.path()).unwrap();
    assert_eq!(xtask::stale(folder.path()).unwrap(), Vec::<String>::new());

    let settings = std::fs::read_to_string(folder.path().join("settings.yaml")).unwrap();
    std::fs::write(folder.path().join("settings.yaml"), settings.replace("max: 64", "max: 65")).unwrap();
    let stale = xtask::stale(folder.path()).unwrap();
    let expected =
        ["crates/local/src/settings.rs", "crates/store/src/settings.rs", "docs/settings.md", "template.yaml"];
    assert_eq!(stale, expected);
}

#[test]
fn the_template_that_people_maintain_stays_small() {
    let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let lines = xtask::region::written_by_hand(&text);
    assert!(lines <= TEMPLATE_LINES_MAX, "{lines} lines are written by hand: generate what repeats");
}
