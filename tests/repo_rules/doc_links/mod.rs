//! Every link of a page leads to a file and a heading, and every command that a page names exists.

mod anchors;
mod commands;
mod markdown;

use std::path::Path;

use anchors::anchors;
use markdown::{links, prose};

use crate::sources::files;
use crate::{read, root};

/// Whether a target is an intra-doc link of rustdoc, which `cargo doc` checks: the READMEs of
/// crates are their documentation.
fn is_rustdoc_link(target: &str) -> bool {
    target.contains("::") || target.contains('@')
}

/// Returns what is wrong with a link of a page, or `None` if it leads somewhere.
fn problem(page: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") || is_rustdoc_link(target) {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let folder = Path::new(page).parent().unwrap();
    let file = if path.is_empty() { Path::new(page).to_owned() } else { folder.join(path) };
    if !root().join(&file).exists() {
        return Some(format!("{page} links to {target}, and {path} does not exist"));
    }
    let anchor = anchor?;
    let text = read(file.to_str().unwrap());
    let is_known = path_is_page(&file) && anchors(&text).iter().any(|known| known == anchor);
    (!is_known).then(|| format!("{page} links to {target}, which has no heading #{anchor}"))
}

fn path_is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = files(&[".md"]);
    assert!(pages.len() > 25, "only {} pages found", pages.len());
    let links: Vec<(String, String)> = pages
        .into_iter()
        .flat_map(|page| links(&prose(&read(&page))).into_iter().map(move |target| (page.clone(), target)))
        .collect();
    assert!(links.len() > 60, "only {} links found", links.len());
    let problems: Vec<String> = links.iter().filter_map(|(page, target)| problem(page, target)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_link_to_a_missing_file_or_heading_is_found() {
    for target in ["CONTRIBUTING.md", "README.md#crudder", "docs/", "https://example.com/a#b", "mod@write", "A::b"] {
        assert_eq!(problem("README.md", target), None, "{target}");
    }
    for target in ["MISSING.md", "#no-heading", "README.md#Crudder", "docs/store.md#no-heading", "Cargo.toml#package"] {
        assert!(problem("README.md", target).is_some(), "{target}");
    }
    assert_eq!(problem("docs/store.md", "../README.md"), None);
    assert!(problem("docs/store.md", "README.md").is_some());
}
