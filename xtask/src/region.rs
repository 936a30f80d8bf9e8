//! Finds and replaces the generated parts of a file.
//!
//! A part stands between two lines, each a comment in the file's own syntax:
//!
//! ```text
//! # BEGIN GENERATED functions
//! ...
//! # END GENERATED functions
//! ```

use crate::Error;

/// Returns `text` with the lines of `part` replaced by `lines`. They keep the indentation of the
/// marker line that begins the part.
///
/// # Errors
/// One of the two marker lines is missing.
pub fn replace(file: &str, text: &str, part: &str, lines: &str) -> Result<String, Error> {
    let missing = |problem| Error::Region { file: file.to_owned(), part: part.to_owned(), problem };
    let begin = marker(text, "BEGIN GENERATED", part).ok_or_else(|| missing("no line BEGIN GENERATED"))?;
    let end = marker(text, "END GENERATED", part).ok_or_else(|| missing("no line END GENERATED"))?;
    let body = text.get(begin.end..end.start).ok_or_else(|| missing("END GENERATED stands before BEGIN GENERATED"))?;
    let indent: String = text[begin.start..].chars().take_while(|letter| *letter == ' ').collect();
    let mut replaced = String::with_capacity(text.len() - body.len() + lines.len());
    replaced.push_str(&text[..begin.end]);
    for line in lines.lines() {
        if !line.is_empty() {
            replaced.push_str(&indent);
            replaced.push_str(line);
        }
        replaced.push('\n');
    }
    replaced.push_str(&text[end.start..]);
    Ok(replaced)
}

/// The byte range of the whole line that marks this end of the part.
fn marker(text: &str, word: &str, part: &str) -> Option<std::ops::Range<usize>> {
    let wanted = format!("{word} {part}");
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim().trim_start_matches(['#', '/', '<', '!', '-', ' ']).trim_end_matches("-->").trim_end();
        if bare == wanted {
            return Some(start..start + line.len());
        }
        start += line.len();
    }
    None
}

/// Returns `text` with what stands between the two strings of `between` replaced by `value`.
///
/// # Errors
/// One of the two strings is missing.
pub fn replace_between(file: &str, text: &str, part: &str, between: [&str; 2], value: &str) -> Result<String, Error> {
    let missing = |problem| Error::Region { file: file.to_owned(), part: part.to_owned(), problem };
    let start = text.find(between[0]).ok_or_else(|| missing("the text before it is missing"))? + between[0].len();
    let length = text[start..].find(between[1]).ok_or_else(|| missing("the text after it is missing"))?;
    Ok(format!("{}{value}{}", &text[..start], &text[start + length..]))
}

/// The number of lines of `text` that no generated part holds, marker lines included.
#[must_use]
pub fn written_by_hand(text: &str) -> usize {
    let mut is_generated = false;
    let mut count = 0;
    for line in text.lines() {
        if line.contains("END GENERATED ") {
            is_generated = false;
        }
        count += usize::from(!is_generated);
        if line.contains("BEGIN GENERATED ") {
            is_generated = true;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a\n  # BEGIN GENERATED one\n  old\n  # END GENERATED one\nb\n";

    #[test]
    fn a_part_is_replaced_and_takes_the_indentation_of_its_marker() {
        let replaced = replace("f", TEXT, "one", "new\n\n  deeper\n").unwrap();
        assert_eq!(replaced, "a\n  # BEGIN GENERATED one\n  new\n\n    deeper\n  # END GENERATED one\nb\n");
        assert_eq!(replace("f", &replaced, "one", "old\n").unwrap(), TEXT);
    }

    #[test]
    fn markers_of_every_comment_syntax_are_found() {
        for (before, after) in [("# ", ""), ("// ", ""), ("<!-- ", " -->")] {
            let text = format!("{before}BEGIN GENERATED x{after}\n{before}END GENERATED x{after}\n");
            assert!(replace("f", &text, "x", "line\n").unwrap().contains("\nline\n"), "{before}");
        }
    }

    #[test]
    fn a_missing_marker_is_reported_with_file_and_part() {
        let error = replace("f", "a\n# BEGIN GENERATED one\n", "one", "").unwrap_err().to_string();
        assert_eq!(error, "f: no generated part one: no line END GENERATED");
        let error = replace("f", TEXT, "on", "").unwrap_err().to_string();
        assert_eq!(error, "f: no generated part on: no line BEGIN GENERATED");
    }

    #[test]
    fn an_inline_part_is_replaced_between_its_two_neighbours() {
        assert_eq!(replace_between("f", "x(1,2)y", "p", ["x(", ")y"], "3").unwrap(), "x(3)y");
        assert!(replace_between("f", "x", "p", ["x(", ")"], "").is_err());
    }

    #[test]
    fn generated_lines_do_not_count_as_written_by_hand() {
        assert_eq!(written_by_hand(TEXT), 4);
    }
}
