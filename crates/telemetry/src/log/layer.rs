//! The `tracing` layer that turns events into lines.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::Context as OpenTelemetry;
use tracing_core::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;

use super::fields::{Fields, Message};
use super::line::{Line, with_buffers};
use super::output::Output;
use crate::config::LogFormat;
use crate::invocation::ACCESS;
use crate::request::Current;

/// Prints each event of its level and above.
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

    /// Prints a line that comes from no event: the panic hook's.
    pub(crate) fn print_error(&self, message: &str, exception: &[(&str, &str)]) {
        if Level::ERROR > self.level {
            return;
        }
        with_buffers(|buffers| {
            let mut line = Line::begin(buffers, self.format, SystemTime::now(), "ERROR");
            line.message(message);
            line.place();
            if !exception.is_empty() {
                line.exception(exception);
            }
            line.end();
            self.output.write(&buffers.line);
        });
    }
}

impl Lines {
    /// An access line tells of an answer: it need not keep it waiting.
    fn waits(&self, line: &[u8]) -> bool {
        OpenTelemetry::map_current(|context| {
            context.get::<Current>().is_some_and(|Current(request)| request.keep_line(&self.output, line))
        })
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() > self.level {
            return;
        }
        with_buffers(|buffers| {
            let mut line = Line::begin(buffers, self.format, SystemTime::now(), name_of(*metadata.level()));
            let mut message = Message(&mut line, false);
            event.record(&mut message);
            if !message.1 {
                // An event without a message is told by its fields; the line still has one, for whoever reads it alone.
                line.message(metadata.target());
            }
            line.place();
            let mut fields = Fields { line: &mut line, exception: Vec::new() };
            event.record(&mut fields);
            fields.finish();
            line.end();
            if metadata.target() != ACCESS || !self.waits(&buffers.line) {
                self.output.write(&buffers.line);
            }
        });
    }
}

/// The names that Lambda's filter knows.
fn name_of(level: Level) -> &'static str {
    match level {
        Level::TRACE => "TRACE",
        Level::DEBUG => "DEBUG",
        Level::INFO => "INFO",
        Level::WARN => "WARN",
        Level::ERROR => "ERROR",
    }
}
