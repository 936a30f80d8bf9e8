//! Reports: errors and other events that are worth a Rollbar item.
//!
//! A report is a `tracing` event at ERROR, an event with the field `report`, a panic, or the error
//! with which an invocation ends. It is written to the recorder at once, and becomes an event of its
//! span. Its attributes are `level` (`error`, `warning`, `info`, `debug`), `message`,
//! `exception.type`, `exception.message`, `exception.causes`, `exception.stacktrace`,
//! `exception.location` (`file:line`), the event's own fields and the earlier annotations of its request.

mod fields;

use std::sync::Arc;
use std::time::SystemTime;

use crudder_text::scrub;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing_core::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;

use fields::Fields;

use crate::access::ACCESS;
use crate::exception::exception;
use crate::failure::Failure;
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
