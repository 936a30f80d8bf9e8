//! The `tracing` layer that turns events into lines.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::Context as OpenTelemetry;
use tracing_core::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;

use super::buffers::with_buffers;
use super::fields::{Fields, Message};
use super::line::Line;
use super::output::Output;
use crate::access::ACCESS;
use crate::config::LogFormat;
use crate::request::Current;

/// Prints each event at its level or above.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    output: Arc<Output>,
    format: LogFormat,
    level: LevelFilter,
}

impl Lines {
    pub(crate) fn new(output: Arc<Output>, format: LogFormat, level: LevelFilter) -> Self {
        Self { output, format, level }
    }

    /// Prints a line without an event, for the panic hook.
    pub(crate) fn print_error(&self, message: &str, exception: &[(&str, &str)]) {
        if Level::ERROR > self.level {
            return;
        }
        with_buffers(|buffers| {
            let mut line = Line::begin(buffers, self.format, SystemTime::now(), "ERROR");
            line.message(message);
            line.request();
            if !exception.is_empty() {
                line.exception(exception);
            }
            line.end();
            self.output.write(&buffers.line);
        });
    }
}

/// Defers an access line until its response was sent. Returns `false` for a line that must be printed now.
fn is_deferred(line: &[u8]) -> bool {
    OpenTelemetry::map_current(|context| {
        context.get::<Current>().is_some_and(|Current(request)| request.defer_access_line(line))
    })
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() > self.level {
            return;
        }
        with_buffers(|buffers| {
            let mut line = Line::begin(buffers, self.format, SystemTime::now(), name_of(*metadata.level()));
            let mut message = Message { line: &mut line, found: false };
            event.record(&mut message);
            if !message.found {
                // Every line has a message; an event without one gets its target.
                line.message(metadata.target());
            }
            line.request();
            let mut fields = Fields { line: &mut line, exception: Vec::new() };
            event.record(&mut fields);
            fields.finish();
            line.end();
            if metadata.target() != ACCESS || !is_deferred(&buffers.line) {
                self.output.write(&buffers.line);
            }
        });
    }
}

/// The names of the levels in Lambda's log filter.
fn name_of(level: Level) -> &'static str {
    match level {
        Level::TRACE => "TRACE",
        Level::DEBUG => "DEBUG",
        Level::INFO => "INFO",
        Level::WARN => "WARN",
        Level::ERROR => "ERROR",
    }
}
