//! A tracing layer that prints the warnings and errors of Crudder's crates to the terminal.

use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::terminal::Terminal;

/// Installs the layer for the whole process.
pub(crate) fn install(terminal: Terminal) {
    let registry = tracing_subscriber::registry().with(LogLayer(terminal));
    // This fails only if a subscriber is already set, and no other code sets one.
    let _ = tracing::subscriber::set_global_default(registry);
}

struct LogLayer(Terminal);

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // Events of other crates, such as the SDK's connection warnings, do not help at a terminal.
        if *metadata.level() > Level::WARN || !metadata.target().starts_with("crudder") {
            return;
        }
        let mut line = Line(format!("{}:", metadata.level().as_str().to_lowercase()));
        event.record(&mut line);
        self.0.progress(&line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
