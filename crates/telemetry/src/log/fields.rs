//! Visitors that write the fields of an event into a line.

use std::error::Error;
use std::fmt::Debug;

use tracing_core::field::{Field, Visit};

use super::line::Line;
use crate::failure::causes_of;

/// The first pass: writes the message, which comes before ids and fields.
pub(super) struct Message<'a, 'b> {
    pub(super) line: &'a mut Line<'b>,
    /// Whether the event has a message.
    pub(super) found: bool,
}

impl Visit for Message<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.line.message(value);
            self.found = true;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.line.message_debug(value);
            self.found = true;
        }
    }
}

/// The second pass: writes all other fields, and collects those of an exception for its nested object.
pub(super) struct Fields<'a, 'b> {
    pub(super) line: &'a mut Line<'b>,
    pub(super) exception: Vec<(&'static str, String)>,
}

impl Fields<'_, '_> {
    pub(super) fn finish(self) {
        if !self.exception.is_empty() {
            let members: Vec<_> = self.exception.iter().map(|(name, value)| (*name, value.as_str())).collect();
            self.line.exception(&members);
        }
    }

    /// Whether the field is the message, or a field that is not printed.
    fn is_skipped(name: &str) -> bool {
        matches!(name, "message" | "report") || name.starts_with("log.")
    }

    fn text(&mut self, field: &Field, value: &str) {
        let name = field.name();
        match name.strip_prefix("exception.") {
            _ if Self::is_skipped(name) => (),
            Some(member) => self.exception.push((member, value.to_owned())),
            None => self.line.text(name, value),
        }
    }
}

impl Visit for Fields<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name().starts_with("exception.") {
            self.text(field, &format!("{value:?}"));
        } else if !Self::is_skipped(field.name()) {
            self.line.debug(field.name(), value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let text = causes_of(value).fold(value.to_string(), |text, cause| format!("{text}: {cause}"));
        self.text(field, &text);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if !Self::is_skipped(field.name()) {
            self.line.bare(field.name(), value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.line.bare(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.line.bare(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinities, and `{:?}` keeps the decimal point of a whole float.
        if value.is_finite() {
            self.line.bare(field.name(), format_args!("{value:?}"));
        } else {
            self.line.debug(field.name(), &value);
        }
    }
}
