//! The anchors that GitHub makes of the headings of a Markdown page.

use std::collections::BTreeMap;

/// Returns the anchor of each heading outside of code blocks, and the `id` of each HTML anchor.
pub(super) fn anchors(page: &str) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    let mut is_fenced = false;
    for line in page.lines() {
        is_fenced ^= line.trim_start().starts_with("```");
        if is_fenced {
            continue;
        }
        if let Some(heading) = heading(line) {
            let anchor = anchor(heading);
            let count = counts.entry(anchor.clone()).or_default();
            found.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
            *count += 1;
        }
        found.extend(line.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    found
}

/// Returns the text of a heading of one to six `#`.
fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (1..=6).contains(&(line.len() - text.len())).then(|| text.strip_prefix(' ')).flatten()
}

/// Makes an anchor as GitHub does: a link counts by its text, letters become lowercase, spaces
/// become hyphens, and punctuation other than `-` and `_` is removed.
fn anchor(heading: &str) -> String {
    let mut text = String::new();
    for (index, part) in heading.trim().split("](").enumerate() {
        text.push_str(if index == 0 { part } else { part.split_once(')').map_or(part, |(_, rest)| rest) });
    }
    let kept = text.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn anchors_are_those_of_github() {
    let page = "# Crudder\n## `make check`, and more\n```\n# no heading\n```\n### [A link](x.md) & D9. Twice\n\
                ## Crudder\n#no\n<a id=\"own\"></a>\n## a_b-c\n";
    let expected = ["crudder", "make-check-and-more", "a-link--d9-twice", "crudder-1", "own", "a_b-c"];
    assert_eq!(anchors(page), expected);
}
