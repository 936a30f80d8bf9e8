//! Reports: errors and other events that are worth a Rollbar item.
//!
//! A report is a `tracing` event at ERROR, an event with the field `report`, a panic, or the error
//! with which an invocation ends. It is written to the recorder at once, and becomes an event of its
//! span. Its attributes are `level` (`error`, `warning`, `info`, `debug`), `message`,
//! `exception.type`, `exception.message`, `exception.causes`, `exception.stacktrace`,
//! `exception.location` (`file:line`), the event's own fields and the earlier annotations of its request.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use crudder_text::{MASK, is_secret_key, scrub};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use tracing_core::field::{Field, Visit};
use tracing_core::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;

use crate::access::ACCESS;
use crate::backtrace;
use crate::failure::{Failure, causes_of};
use crate::otlp::event_at;
use crate::recorder::Recorder;
use crate::request::Current;

/// The name of an error's event on its span, by OpenTelemetry's conventions.
const EXCEPTION: &str = "exception";

/// The name of the event of any other report.
const REPORT: &str = "report";

/// Whether an event is a report. `lambda_runtime` logs a panic of the handler again, at ERROR; the
/// panic hook has reported it.
fn is_report(metadata: &Metadata<'_>) -> bool {
    let is_error = *metadata.level() == Level::ERROR;
    let is_repeated = [ACCESS, "lambda_runtime::layers::panic"].contains(&metadata.target());
    !is_repeated && (is_error || metadata.fields().field("report").is_some())
}

/// The `tracing` layer that makes reports of events.
#[derive(Debug, Clone)]
pub(crate) struct Reports {
    recorder: Option<Arc<Recorder>>,
}

impl Reports {
    pub(crate) fn new(recorder: Option<Arc<Recorder>>) -> Self {
        Self { recorder }
    }

    /// Reports an error, once in a request.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.report(EXCEPTION, exception(failure), &failure.message);
    }

    fn report(&self, name: &'static str, mut attributes: Vec<KeyValue>, message: &str) {
        let message = scrub(message);
        Context::map_current(|context| {
            let request = context.get::<Current>().map(|Current(request)| request);
            if request.is_some_and(|request| !request.is_first_report(&message)) {
                return;
            }
            attributes.extend(request.map(|request| request.annotations()).unwrap_or_default());
            let span = context.span();
            if let Some(recorder) = &self.recorder {
                let event = event_at(SystemTime::now(), name, attributes.clone());
                recorder.event(request.map_or(0, |request| request.index), span.span_context(), &event);
            }
            if name == EXCEPTION {
                span.set_status(Status::error(message.clone().into_owned()));
            }
            span.add_event(name, attributes);
        });
    }
}

impl<S: Subscriber> Layer<S> for Reports {
    fn on_event(&self, event: &Event<'_>, _context: tracing_subscriber::layer::Context<'_, S>) {
        let metadata = event.metadata();
        if !is_report(metadata) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let is_error = *metadata.level() == Level::ERROR;
        let message = fields.finish(metadata, is_error);
        self.report(if is_error { EXCEPTION } else { REPORT }, fields.attributes, &message);
    }
}

/// Returns the attributes of an error, for its span, its event and its report.
pub(crate) fn exception(failure: &Failure) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(8);
    attributes.push(KeyValue::new("level", "error"));
    attributes.push(KeyValue::new("exception.type", failure.kind.clone()));
    attributes.push(KeyValue::new("exception.message", scrub(&failure.message).into_owned()));
    if let Some(backtrace) = &failure.backtrace {
        attributes.push(KeyValue::new("exception.stacktrace", backtrace.clone()));
    }
    if !failure.causes.is_empty() {
        attributes.push(causes(failure.causes.iter().map(String::as_str)));
    }
    if let Some(location) = &failure.location {
        attributes.push(KeyValue::new("exception.location", location.clone()));
    }
    attributes
}

fn causes<'a>(causes: impl Iterator<Item = &'a str>) -> KeyValue {
    let causes = causes.map(|cause| StringValue::from(scrub(cause).into_owned())).collect();
    KeyValue::new("exception.causes", Value::Array(Array::String(causes)))
}

/// An event's fields as attributes.
#[derive(Default)]
struct Fields {
    attributes: Vec<KeyValue>,
    message: String,
}

impl Fields {
    fn has(&self, key: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.key.as_str() == key)
    }

    /// Adds the attributes that every report has; returns the message that identifies the report.
    fn finish(&mut self, metadata: &Metadata<'_>, is_error: bool) -> String {
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
