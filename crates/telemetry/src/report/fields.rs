//! The fields of an event as attributes of its report.

use std::error::Error;
use std::fmt::Debug;

use crudder_text::{MASK, is_secret_key, scrub};
use opentelemetry::{KeyValue, Value};
use tracing_core::field::{Field, Visit};
use tracing_core::{Level, Metadata};

use crate::backtrace;
use crate::exception::causes;
use crate::failure::causes_of;

/// An event's fields as attributes.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) attributes: Vec<KeyValue>,
    message: String,
}

impl Fields {
    fn has(&self, key: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.key.as_str() == key)
    }

    /// Adds the attributes that every report has; returns the message that identifies the report.
    pub(super) fn finish(&mut self, metadata: &Metadata<'_>, is_error: bool) -> String {
        let level = match *metadata.level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        };
        self.attributes.push(KeyValue::new("level", level));
        self.attributes.push(KeyValue::new("message", scrub(&self.message).into_owned()));
        if is_error {
            self.finish_exception(metadata);
        }
        let message = self.attributes.iter().find(|attribute| attribute.key.as_str() == "exception.message");
        message.map_or_else(|| self.message.clone(), |message| message.value.as_str().into_owned())
    }

    fn finish_exception(&mut self, metadata: &Metadata<'_>) {
        if !self.has("exception.type") {
            self.attributes.push(KeyValue::new("exception.type", metadata.target().to_owned()));
        }
        if !self.has("exception.message") {
            self.attributes.push(KeyValue::new("exception.message", scrub(&self.message).into_owned()));
        }
        if let Some(backtrace) = backtrace::capture_if_enabled().filter(|_| !self.has("exception.stacktrace")) {
            self.attributes.push(KeyValue::new("exception.stacktrace", backtrace));
        }
        if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
            self.attributes.push(KeyValue::new("exception.location", format!("{file}:{line}")));
        }
    }

    fn push(&mut self, field: &Field, value: impl Into<Value>) {
        if !matches!(field.name(), "message" | "report") {
            self.attributes.push(KeyValue::new(field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        }
        let value = if is_secret_key(field.name()) { MASK.into() } else { scrub(value) };
        self.push(field, value.into_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.has("exception.message") {
            return self.record_str(field, &value.to_string());
        }
        self.attributes.push(KeyValue::new("exception.message", scrub(&value.to_string()).into_owned()));
        let chain = causes_of(value).map(ToString::to_string).collect::<Vec<_>>();
        if !chain.is_empty() {
            self.attributes.push(causes(chain.iter().map(String::as_str)));
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value);
    }
}
