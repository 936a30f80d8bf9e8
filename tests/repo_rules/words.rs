//! Words that this repository does not use: private vocabulary where the field has a term.

use crate::read;
use crate::sources::files;

/// Files that may name the words: this list, and the licence texts.
const EXEMPT: [&str; 1] = ["tests/repo_rules/words.rs"];

/// A refused word or phrase, and the term to use. Letters match in any case, and only whole words do.
const REFUSED: &[(&str, &str)] = &[
    ("whoever", "name the actor"),
    ("whatever happens to", "name the cases"),
    ("of ours", "our, or the name of the crate"),
    ("of theirs", "their"),
    ("at hand", "available"),
    ("nobody's", "name the owner"),
    ("somebody", "name the actor"),
    ("kin", "similar ones"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("tell", "export, log, record or send"),
    ("tells", "exports, logs, records or sends"),
    ("told", "exported, logged, recorded or sent"),
    ("untold", "not exported"),
    ("hears", "receives"),
    ("heard", "received"),
    ("hearing", "receiving"),
    ("bury", "export the death"),
    ("buried", "exported"),
    ("burial", "export of the death"),
    ("graveyard", "liveness"),
    ("farewell", "exit hook"),
    ("courier", "transport"),
    ("postman", "redeliverer"),
    ("mailbag", "reassembler"),
    ("asker", "next event"),
    ("teller", "exporter"),
    ("outbox", "dispatcher"),
    ("lane", "queue"),
    ("lanes", "queues"),
    ("desk", "processor or handler"),
    ("desks", "processors or handlers"),
    ("verdict", "death, cause or status"),
    ("verdicts", "deaths, causes or statuses"),
    ("judge", "determine"),
    ("judged", "determined"),
    ("puppet", "stub"),
    ("victim", "fixture"),
    ("victims", "fixtures"),
    ("torture", "chaos"),
    ("witness", "conformance test or independent program"),
    ("witnesses", "conformance tests or independent programs"),
    ("warden", "reaper"),
    ("strays", "orphans"),
    ("deeds", "timers"),
    ("standin", "fake"),
    ("stand-in", "fake"),
    ("stand-ins", "fakes"),
    ("complaint", "violation"),
    ("complaints", "violations"),
    ("complains", "reports a violation"),
    ("shelf", "bounded log"),
    ("ledger", "call log or progress file"),
    ("porter", "listener"),
    ("dice", "rng"),
    ("town", "dataset"),
    ("towns", "datasets"),
    ("patience", "timeout"),
    ("planes", "destinations"),
    ("plane", "destination"),
    ("house", "workspace"),
    ("papers", "docs"),
    ("trap", "pitfall"),
    ("traps", "pitfalls"),
    ("parcel", "payload"),
    ("parcels", "payloads"),
    ("glance", "peek"),
    ("pave", "fill_pad"),
    ("doorstep", "entry"),
    ("tally", "summary or counts"),
    ("fellow", "other"),
    ("reckon", "compute"),
    ("reckons", "computes"),
    ("reckoned", "computed"),
    ("forsake", "abandon"),
    ("relay", "proxy"),
    ("relays", "proxies"),
    ("ticket", "request handle"),
    ("rung", "woken"),
    ("conclude", "export the end"),
    ("gather", "open requests or collect"),
    ("strike", "inject"),
    ("strikes", "injects"),
    ("journal", "log layer"),
    ("paint", "style"),
    ("gate", "circuit breaker"),
    ("gates", "circuit breakers"),
    ("rescue", "compaction"),
    ("rescued", "relocated"),
    ("hostile", "malformed"),
    ("stamp", "timestamp or id"),
    ("stamps", "timestamps or ids"),
    ("wave", "round trip"),
    ("waves", "round trips"),
    ("twin", "counterpart"),
    ("twins", "counterparts"),
    ("anybody", "a user"),
    ("talk", "connection"),
    ("speak", "log"),
    ("the design says", "name the page in docs/"),
    ("the design's", "name the page in docs/"),
    ("the issue", "name the page in docs/"),
    ("next life", "the next extension process, or after a restart"),
];

/// Uses of a refused word that are the field's own, or part of a format that others read.
const ALLOWED: &[(&str, &str)] = &[
    ("control plane", "AWS's term"),
    ("data plane", "AWS's term"),
    ("signal::trap", "Linux's term"),
    ("breakpoint trap", "Linux's term"),
    ("trap '", "the shell's command"),
    ("rename = \"plane\"", "a field of `crudder doctor --json`"),
    ("rename = \"verdict\"", "a field of `crudder doctor --json`"),
    ("[\"plane\"]", "a field of `crudder doctor --json`"),
    ("[\"verdict\"]", "a field of `crudder doctor --json`"),
    (".verdict ", "a field of `crudder doctor --json`"),
    ("\"plane\")", "a field of `crudder doctor --json`"),
    ("\"verdict\")", "a field of `crudder doctor --json`"),
    ("{ planes: ", "a tab in old links of the console"),
    ("\"planes\":", "a field of the console's JSON"),
    ("field `mend`", "the old name of a field"),
];

/// Returns the lines of a text that contain the phrase as whole words. The text is in lower case.
fn matches(text: &str, phrase: &str) -> Vec<usize> {
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let hits = text.match_indices(phrase).filter(|(at, _)| {
        !is_word(text[..*at].chars().next_back()) && !is_word(text[at + phrase.len()..].chars().next())
    });
    let mut lines: Vec<usize> = hits.map(|(at, _)| text[..at].matches('\n').count() + 1).collect();
    lines.dedup();
    lines
}

/// Prepares a text for the search: identifiers are split, letters are in lower case, allowed uses are gone.
fn prepared(text: &str) -> String {
    let lower = split_identifiers(text).to_lowercase();
    ALLOWED.iter().fold(lower, |text, (allowed, _)| text.replace(&allowed.to_lowercase(), ""))
}

/// Splits identifiers into words, so that `NextLife` and `next_life` both read as `next life`.
fn split_identifiers(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut before = ' ';
    for letter in text.chars() {
        if letter.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
            out.push(' ');
        }
        out.push(if letter == '_' { ' ' } else { letter });
        before = letter;
    }
    out
}

#[test]
fn no_file_uses_a_refused_word() {
    let mut found = Vec::new();
    let endings = [
        ".rs",
        ".md",
        ".toml",
        ".yaml",
        ".mk",
        "Makefile",
        ".js",
        ".css",
        ".html",
        ".json",
        ".ci/run",
        ".ci/with-local",
        ".ci/with-moto",
        ".ci/zips",
        "functions/pack",
    ];
    for file in files(&endings).into_iter().filter(|file| !EXEMPT.contains(&file.as_str())) {
        // The path is a line before the first, so that names of files count, too.
        let text = prepared(&format!("{file}\n{}", read(&file)));
        for (phrase, instead) in REFUSED {
            let lines = matches(&text, phrase).into_iter();
            found.extend(lines.map(|line| format!("{file}:{}: {phrase:?}: use {instead}", line - 1)));
        }
    }
    assert!(found.is_empty(), "{} refused words:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_refused_word_is_found_in_prose_and_identifiers_and_only_as_a_whole_word() {
    let lines = |text: &str| matches(&prepared(text), "told");
    assert_eq!(lines("It was told.\nfn told_twice() {}\nstruct ToldOnce;\nlet x = was_told;"), [1, 2, 3, 4]);
    assert_eq!(lines("untold stories, toldyou"), Vec::<usize>::new());
    assert_eq!(matches(&prepared("the data plane of AWS"), "plane"), Vec::<usize>::new());
}
