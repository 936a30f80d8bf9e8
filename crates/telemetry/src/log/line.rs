//! One log line: the reserved members in their order, then fields at the top level.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::time::SystemTime;

use crudder_text::json::{CUT, write_escaped, write_string};
use crudder_text::{MASK, is_secret_key, scrub, write_rfc3339_ms};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use crate::buffer::with_own;
use crate::config::LogFormat;
use crate::request::Current;

/// CloudWatch takes 1 MB an event and once took 256 kB; where Lambda cuts a line is not documented, and half a JSON
/// object is none. Lines end below 200 kB.
const MAX_LINE_BYTES: usize = 190_000;

/// One field's share of a line, so that a long one does not push out those after it.
const MAX_FIELD_BYTES: usize = 60_000;

/// What a line always has left for: closing marks, the note that fields are missing.
const RESERVE_BYTES: usize = 200;

/// Members that are ours. A field of the same name is printed as `field_<name>`.
const RESERVED: [&str; 9] =
    ["timestamp", "level", "message", "requestId", "trace_id", "xray_trace_id", "span_id", "route", "exception"];

/// A line being written.
pub(crate) struct Line<'a> {
    out: &'a mut Vec<u8>,
    scratch: &'a mut String,
    format: LogFormat,
    missing: usize,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = const { RefCell::new(Buffers { line: Vec::new(), value: String::new() }) };
}

/// What a thread writes its lines with.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// The line; whoever ends one takes it from here.
    pub(crate) line: Vec<u8>,
    /// A value that has to be formatted before it can be looked at.
    value: String,
}

/// Buffers larger than this are not kept for the next line.
const KEPT_BYTES: usize = 16_384;

/// Runs `write` with this thread's buffers for lines.
pub(crate) fn with_buffers(write: impl FnOnce(&mut Buffers)) {
    with_own(&BUFFERS, |buffers| {
        buffers.line.clear();
        write(buffers);
        buffers.line.shrink_to(KEPT_BYTES);
        buffers.value.shrink_to(KEPT_BYTES);
    });
}

impl<'a> Line<'a> {
    /// Begins a line: time and level. The message follows, then [`Line::place`], then fields.
    pub(crate) fn begin(buffers: &'a mut Buffers, format: LogFormat, time: SystemTime, level: &str) -> Self {
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
        Self { out, scratch, format, missing: 0 }
    }

    pub(crate) fn message(&mut self, message: &str) {
        let room = self.room();
        match self.format {
            LogFormat::Json => {
                self.out.extend_from_slice(b",\"message\":");
                write_string(self.out, &scrub(message), room);
            }
            LogFormat::Text => {
                self.out.push(b' ');
                write_plain(self.out, &scrub(message), room);
            }
        }
    }

    /// The message of an event, whatever formats it.
    pub(crate) fn message_debug(&mut self, message: &dyn Debug) {
        let scratch = self.format_value(message);
        self.message(&scratch);
        self.return_scratch(scratch);
    }

    /// Where in which request the line was said: ids and route. Nothing outside a request.
    pub(crate) fn place(&mut self) {
        Context::map_current(|context| {
            let Some(Current(request)) = context.get::<Current>() else { return };
            let span = context.span();
            let span = span.span_context();
            if self.format == LogFormat::Json {
                self.out.extend_from_slice(request.head(span).as_bytes());
                self.out.extend_from_slice(b",\"span_id\":\"");
                write_hex(self.out, &span.span_id().to_bytes());
                self.out.extend_from_slice(b"\",\"route\":");
                let room = self.room();
                write_string(self.out, &request.route, room);
            } else {
                self.text("requestId", &request.id);
                self.text("route", &request.route);
            }
        });
    }

    /// A field with text, scrubbed.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        if !self.key(name) {
            return;
        }
        let value = if is_secret_key(name) { MASK.into() } else { scrub(value) };
        let room = self.room();
        match self.format {
            LogFormat::Json => write_string(self.out, &value, room),
            LogFormat::Text => write_plain(self.out, &value, room),
        }
    }

    /// A field with whatever can be formatted.
    pub(crate) fn debug(&mut self, name: &str, value: &dyn Debug) {
        let scratch = self.format_value(value);
        self.text(name, &scratch);
        self.return_scratch(scratch);
    }

    /// A field whose value is a number or a bool: as JSON writes it.
    pub(crate) fn bare(&mut self, name: &str, value: impl std::fmt::Display) {
        if is_secret_key(name) {
            return self.text(name, MASK);
        }
        if self.key(name) {
            use std::io::Write as _;
            write!(self.out, "{value}").expect("writing into a Vec does not fail");
        }
    }

    /// The nested object of an exception: `kind`, `message`, and what else is known.
    pub(crate) fn exception(&mut self, members: &[(&str, &str)]) {
        if self.format == LogFormat::Text {
            members.iter().for_each(|(name, value)| self.text(name, value));
            return;
        }
        self.out.extend_from_slice(b",\"exception\":{");
        for (index, (name, value)) in members.iter().enumerate() {
            self.out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"\":");
            let room = self.room();
            write_string(self.out, &scrub(value), room);
        }
        self.out.push(b'}');
    }

    /// Ends the line with its newline.
    pub(crate) fn end(mut self) {
        if self.missing > 0 {
            let missing = self.missing;
            self.raw_key("fields_cut");
            use std::io::Write as _;
            write!(self.out, "{missing}").expect("writing into a Vec does not fail");
        }
        self.out.extend_from_slice(if self.format == LogFormat::Json { b"}\n" } else { b"\n" });
    }

    /// Writes the key, and answers whether there is room for a value.
    fn key(&mut self, name: &str) -> bool {
        if self.room() < name.len() * 6 + RESERVE_BYTES {
            self.missing += 1;
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
        // A key that does not fit was refused before.
        let _ = write_escaped(self.out, name, MAX_FIELD_BYTES);
        self.out.extend_from_slice(b"\":");
    }

    /// What the next value may take: bytes after escaping.
    fn room(&self) -> usize {
        (MAX_LINE_BYTES - RESERVE_BYTES).saturating_sub(self.out.len()).min(MAX_FIELD_BYTES)
    }

    fn format_value(&mut self, value: &dyn Debug) -> String {
        let mut scratch = std::mem::take(self.scratch);
        scratch.clear();
        // An error here is the bound: the text ends there.
        let _ = write!(Bounded(&mut scratch), "{value:?}");
        scratch
    }

    fn return_scratch(&mut self, scratch: String) {
        *self.scratch = scratch;
    }
}

/// Stops a formatter that would write without end.
struct Bounded<'a>(&'a mut String);

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = MAX_FIELD_BYTES.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        self.0.push_str(CUT);
        Err(std::fmt::Error)
    }
}

/// Text for a terminal: controls escaped, quotes left alone.
fn write_plain(out: &mut Vec<u8>, text: &str, room: usize) {
    let mut escaped = Vec::new();
    let cut = write_escaped(&mut escaped, text, room).is_err();
    let mut bytes = escaped.into_iter().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(b'"' | b'\\')) => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    if cut {
        out.extend_from_slice(CUT.as_bytes());
    }
}

fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}
