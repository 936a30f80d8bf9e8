//! One log line: the reserved members in their order, then the fields at the top level.

use std::fmt::{Debug, Write};
use std::time::SystemTime;

use crudder_text::json::{write_escaped, write_string};
use crudder_text::{MASK, is_secret_key, scrub, write_hex, write_rfc3339_ms};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use super::buffers::Buffers;
use super::text::{Bounded, MAX_FIELD_BYTES, write_plain};
use crate::config::LogFormat;
use crate::request::Current;

/// The largest line, with its end below 200 kB. CloudWatch accepts events of 1 MB, earlier of 256 kB.
/// Lambda's own limit is not documented, and a cut JSON object is unreadable.
const MAX_LINE_BYTES: usize = 190_000;

/// Reserved at the end of a line for its closing marks and for `fields_cut`.
const RESERVE_BYTES: usize = 200;

/// The reserved members. A field of such a name is printed as `field_<name>`.
const RESERVED: [&str; 9] =
    ["timestamp", "level", "message", "requestId", "trace_id", "xray_trace_id", "span_id", "route", "exception"];

/// A line being written.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    scratch: &'a mut String,
    format: LogFormat,
    /// The number of fields that were left out.
    fields_cut: usize,
}

impl<'a> Line<'a> {
    /// Begins a line with time and level. The message follows, then [`Line::request`], then the fields.
    pub(super) fn begin(buffers: &'a mut Buffers, format: LogFormat, time: SystemTime, level: &str) -> Self {
        let Buffers { line: out, value: scratch } = buffers;
        match format {
            LogFormat::Json => {
                out.extend_from_slice(b"{\"timestamp\":\"");
                write_rfc3339_ms(out, time);
                out.extend_from_slice(b"\",\"level\":\"");
                out.extend_from_slice(level.as_bytes());
                out.push(b'"');
            }
            LogFormat::Text => {
                write_rfc3339_ms(out, time);
                out.push(b' ');
                out.extend_from_slice(level.as_bytes());
            }
        }
        Self { out, scratch, format, fields_cut: 0 }
    }

    pub(super) fn message(&mut self, message: &str) {
        let free = self.free_bytes();
        match self.format {
            LogFormat::Json => {
                self.out.extend_from_slice(b",\"message\":");
                write_string(self.out, &scrub(message), free);
            }
            LogFormat::Text => {
                self.out.push(b' ');
                write_plain(self.out, &scrub(message), free);
            }
        }
    }

    /// Writes the message of an event from its `Debug` form.
    pub(super) fn message_debug(&mut self, message: &dyn Debug) {
        let scratch = self.format_value(message);
        self.message(&scratch);
        self.return_scratch(scratch);
    }

    /// Writes the ids and the route of the current request. Writes nothing outside a request.
    pub(super) fn request(&mut self) {
        Context::map_current(|context| {
            let Some(Current(request)) = context.get::<Current>() else { return };
            let span = context.span();
            let span = span.span_context();
            if self.format == LogFormat::Json {
                self.out.extend_from_slice(request.log_members(span).as_bytes());
                self.out.extend_from_slice(b",\"span_id\":\"");
                write_hex(self.out, &span.span_id().to_bytes());
                self.out.extend_from_slice(b"\",\"route\":");
                let free = self.free_bytes();
                write_string(self.out, &request.route, free);
            } else {
                self.text("requestId", &request.id);
                self.text("route", &request.route);
            }
        });
    }

    /// Writes a text field, scrubbed.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        if !self.key(name) {
            return;
        }
        let value = if is_secret_key(name) { MASK.into() } else { scrub(value) };
        let free = self.free_bytes();
        match self.format {
            LogFormat::Json => write_string(self.out, &value, free),
            LogFormat::Text => write_plain(self.out, &value, free),
        }
    }

    /// Writes a field from its `Debug` form.
    pub(super) fn debug(&mut self, name: &str, value: &dyn Debug) {
        let scratch = self.format_value(value);
        self.text(name, &scratch);
        self.return_scratch(scratch);
    }

    /// Writes a field whose value is a number or a bool, as in JSON.
    pub(super) fn bare(&mut self, name: &str, value: impl std::fmt::Display) {
        if is_secret_key(name) {
            return self.text(name, MASK);
        }
        if self.key(name) {
            use std::io::Write as _;
            write!(self.out, "{value}").expect("writing into a Vec does not fail");
        }
    }

    /// Writes the nested object of an exception: `type`, `message` and so on.
    pub(super) fn exception(&mut self, members: &[(&str, &str)]) {
        if self.format == LogFormat::Text {
            members.iter().for_each(|(name, value)| self.text(name, value));
            return;
        }
        self.out.extend_from_slice(b",\"exception\":{");
        for (index, (name, value)) in members.iter().enumerate() {
            self.out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"\":");
            let free = self.free_bytes();
            write_string(self.out, &scrub(value), free);
        }
        self.out.push(b'}');
    }

    /// Ends the line with its newline.
    pub(super) fn end(mut self) {
        if self.fields_cut > 0 {
            let fields_cut = self.fields_cut;
            self.raw_key("fields_cut");
            use std::io::Write as _;
            write!(self.out, "{fields_cut}").expect("writing into a Vec does not fail");
        }
        self.out.extend_from_slice(if self.format == LogFormat::Json { b"}\n" } else { b"\n" });
    }

    /// Writes the key of a field; returns `false` if there is no space for a value.
    fn key(&mut self, name: &str) -> bool {
        if self.free_bytes() < name.len() * 6 + RESERVE_BYTES {
            self.fields_cut += 1;
            return false;
        }
        self.raw_key(name);
        true
    }

    fn raw_key(&mut self, name: &str) {
        if self.format == LogFormat::Text {
            self.out.push(b' ');
            write_plain(self.out, name, MAX_FIELD_BYTES);
            return self.out.push(b'=');
        }
        self.out.extend_from_slice(b",\"");
        if RESERVED.contains(&name) {
            self.out.extend_from_slice(b"field_");
        }
        // `key` has refused a key that does not fit.
        let _ = write_escaped(self.out, name, MAX_FIELD_BYTES);
        self.out.extend_from_slice(b"\":");
    }

    /// The bytes that the next value may take after escaping.
    fn free_bytes(&self) -> usize {
        (MAX_LINE_BYTES - RESERVE_BYTES).saturating_sub(self.out.len()).min(MAX_FIELD_BYTES)
    }

    fn format_value(&mut self, value: &dyn Debug) -> String {
        let mut scratch = std::mem::take(self.scratch);
        scratch.clear();
        // The error is the bound's: the text ends there.
        let _ = write!(Bounded(&mut scratch), "{value:?}");
        scratch
    }

    fn return_scratch(&mut self, scratch: String) {
        *self.scratch = scratch;
    }
}
