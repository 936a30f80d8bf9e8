//! Splits a Markdown page into prose and code, and finds the links in prose.

/// Returns the lines of a page outside of fenced code blocks, without code spans.
pub(super) fn prose(page: &str) -> String {
    split(page).0
}

/// Returns the code of a page: each line of a fenced code block and each code span.
pub(super) fn code(page: &str) -> Vec<String> {
    split(page).1
}

fn split(page: &str) -> (String, Vec<String>) {
    let (mut prose, mut code) = (String::new(), Vec::new());
    let mut is_fenced = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if is_fenced {
            code.push(line.to_owned());
        } else {
            for (index, part) in line.split('`').enumerate() {
                match index % 2 {
                    0 => prose.push_str(part),
                    _ => code.push(part.to_owned()),
                }
            }
            prose.push('\n');
        }
    }
    (prose, code)
}

/// Returns the targets of all links: `[text](target)`, `[name]: target`, `href="target"`,
/// `src="target"`.
pub(super) fn links(prose: &str) -> Vec<String> {
    let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let definitions = prose.lines().filter_map(|line| {
        let (name, target) = line.strip_prefix('[')?.split_once("]: ")?;
        (!name.contains(']')).then(|| target.split(' ').next()).flatten()
    });
    let attributes = ["href=\"", "src=\""].into_iter().flat_map(|name| prose.split(name).skip(1));
    let html = attributes.filter_map(|rest| rest.split('"').next());
    inline.chain(definitions).chain(html).map(str::to_owned).collect()
}

#[test]
fn links_of_every_form_are_found_outside_of_code() {
    let page = "See [a `x`](a.md) and `[no](no.md)`.\n```\n[no](no.md)\nmake all\n```\n[b]: b.md \"title\"\n\
                <a href=\"c.md#d\">c</a> ![](d.png)\n";
    assert_eq!(links(&prose(page)), ["a.md", "d.png", "b.md", "c.md#d"]);
    assert_eq!(code(page), ["x", "[no](no.md)", "[no](no.md)", "make all"]);
}
