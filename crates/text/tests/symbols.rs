//! `functions/pack` strips only symbols of functions that are left out of reports.

use crudder_text::backtrace::Frame;

#[test]
fn only_foreign_functions_lose_their_symbols() {
    let pack = include_str!("../../../functions/pack");
    let words = pack.lines().find_map(|line| line.strip_prefix("FOREIGN='")).expect("pack lists foreign crates");
    for word in words.trim_end_matches('\'').split('|') {
        let function = format!("{word}::function");
        let is_foreign = Frame { function: &function, file: None, line: None }.is_foreign();
        // The debug information has the names of our own crates, and hash tables call no code that
        // can panic.
        assert!(is_foreign || ["crudder_", "hashbrown"].contains(&word), "{word}");
    }
}
