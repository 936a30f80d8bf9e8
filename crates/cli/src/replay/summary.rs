//! Counts the outcomes of a replay and formats the final report.

use std::collections::BTreeMap;

use crudder_extension::DeadLetter;

const LETTER: &str = "dead letter";

#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Per destination: letters, and the spans, items or documents in them.
    delivered: BTreeMap<String, (u64, u64)>,
    /// Letters that an earlier run delivered, or that have the content of another letter.
    pub(super) already_delivered: u64,
    /// Parts that occur twice in the input.
    pub(super) repeated: u64,
    pub(super) failed: u64,
    pub(super) malformed: u64,
}

impl Summary {
    pub(super) fn add_delivered(&mut self, letter: &DeadLetter) {
        let (letters, items) = self.delivered.entry(letter.destination.clone()).or_default();
        *letters += 1;
        *items += letter.items;
    }

    /// Returns how many letters were delivered so far.
    pub(super) fn delivered_letters(&self) -> u64 {
        self.delivered.values().map(|(letters, _)| letters).sum()
    }

    /// Returns one line about the progress so far.
    pub(super) fn progress(&self) -> String {
        format!("{} delivered, {} failed", counted(self.delivered_letters(), LETTER), self.failed)
    }

    /// Whether every dead letter in the input was delivered.
    pub(super) fn is_success(&self) -> bool {
        self.failed == 0 && self.malformed == 0
    }

    /// Returns the final report, one line for each kind of outcome.
    pub(super) fn report(&self, is_dry_run: bool) -> String {
        let verb = if is_dry_run { "would be delivered" } else { "delivered" };
        let mut lines: Vec<String> = self
            .delivered
            .iter()
            .map(|(name, (letters, items))| {
                format!("{name}: {} {verb} ({})", counted(*letters, LETTER), counted(*items, item_noun(name)))
            })
            .collect();
        if lines.is_empty() {
            lines.push(format!("no {LETTER} {verb}"));
        }
        for (count, noun, outcome) in [
            (self.already_delivered, LETTER, "already delivered, not sent again"),
            (self.repeated, "line", "repeated in the input"),
            (self.failed, LETTER, "not delivered; fix the causes printed above and run this command again"),
            (self.malformed, "line", "skipped as malformed"),
        ] {
            if count > 0 {
                lines.push(format!("{} {outcome}", counted(count, noun)));
            }
        }
        lines.join("\n")
    }
}

/// Returns what the destination calls the items of a letter.
fn item_noun(destination: &str) -> &'static str {
    match destination {
        "honeycomb" => "span",
        "xray" => "document",
        _ => "item",
    }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
