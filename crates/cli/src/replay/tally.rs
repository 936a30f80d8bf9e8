//! How many letters went where.

use std::collections::BTreeMap;

use crudder_extension::DeadLetter;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By vendor: letters, and spans, items or documents in them.
    delivered: BTreeMap<String, (u64, u64)>,
    /// Delivered by an earlier run, or by a letter of the same content.
    pub(crate) known: u64,
    /// Parts that stand twice in the export.
    pub(crate) repeated: u64,
    pub(crate) failed: u64,
    pub(crate) malformed: u64,
}

impl Tally {
    pub(crate) fn deliver(&mut self, letter: &DeadLetter) {
        let (letters, items) = self.delivered.entry(letter.destination.clone()).or_default();
        *letters += 1;
        *items += letter.items;
    }

    /// Letters delivered so far.
    pub(crate) fn letters(&self) -> u64 {
        self.delivered.values().map(|(letters, _)| letters).sum()
    }

    /// One line, while it goes on.
    pub(crate) fn so_far(&self) -> String {
        format!("{} delivered, {} failed", counted(self.letters(), "letter"), self.failed)
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.failed == 0 && self.malformed == 0
    }

    /// What became of all.
    pub(crate) fn summary(&self, is_dry: bool) -> String {
        let verb = if is_dry { "would be delivered" } else { "delivered" };
        let mut lines: Vec<String> = self
            .delivered
            .iter()
            .map(|(vendor, (letters, items))| {
                format!("{vendor}: {} {verb}, {} in all", counted(*letters, "letter"), counted(*items, noun(vendor)))
            })
            .collect();
        if lines.is_empty() {
            lines.push(format!("no letter {verb}"));
        }
        for (count, noun, said) in [
            (self.known, "letter", "delivered before, not sent again"),
            (self.repeated, "line", "in the export twice"),
            (self.failed, "letter", "not delivered; see above, and run this again once it is mended"),
            (self.malformed, "line", "passed over as malformed"),
        ] {
            if count > 0 {
                lines.push(format!("{} {said}", counted(count, noun)));
            }
        }
        lines.join("\n")
    }
}

fn noun(vendor: &str) -> &'static str {
    match vendor {
        "honeycomb" => "span",
        "rollbar" => "item",
        _ => "document",
    }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
