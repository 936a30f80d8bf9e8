//! Warnings and errors of the crates below, on the screen.

use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::screen::Screen;

/// Shows what happens from now on.
pub(crate) fn open(screen: Screen) {
    let registry = tracing_subscriber::registry().with(Journal(screen));
    // It fails where a subscriber is set already, and nobody but this sets one.
    let _ = tracing::subscriber::set_global_default(registry);
}

struct Journal(Screen);

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // Ours only: what the SDK and the servers think of their connections helps nobody at a terminal.
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
        // Writing to a string can't fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
