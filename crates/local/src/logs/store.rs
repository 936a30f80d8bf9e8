//! The newest log lines, in a log that is bounded in bytes.

use std::collections::HashMap;

use crudder_emulator::{EmulatorEvent, EnvironmentEnd};
use crudder_fakes::BoundedLog;

use super::line::{self, Line};

#[derive(Debug)]
pub(super) struct LineStore {
    lines: BoundedLog<Line>,
    /// How many lines were recorded, dropped ones included.
    recorded: u64,
    /// The trace of each environment's current invocation, for lines that name no trace. An entry
    /// goes with its environment, so the map is as long as the list of living environments.
    current_trace: HashMap<String, String>,
}

impl LineStore {
    pub(super) fn new(capacity: usize) -> Self {
        Self { lines: BoundedLog::new(capacity), recorded: 0, current_trace: HashMap::new() }
    }

    /// Returns the stored lines, oldest first.
    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.lines.iter()
    }

    /// Returns how many lines were recorded, dropped ones included.
    pub(super) fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Returns how many lines were dropped to make space.
    pub(super) fn dropped(&self) -> u64 {
        self.lines.evicted()
    }

    pub(super) fn record(&mut self, event: &EmulatorEvent) {
        match event {
            EmulatorEvent::Line(line) => self.push(Line::new(line, self.current_trace.get(&line.environment))),
            EmulatorEvent::InvocationStarted { environment, trace_header, .. } => {
                match line::trace_id(trace_header) {
                    Some(trace) => self.current_trace.insert(environment.clone(), trace),
                    None => self.current_trace.remove(environment),
                };
            }
            EmulatorEvent::EnvironmentEnded { environment, end: EnvironmentEnd::Removed } => {
                self.current_trace.remove(environment);
            }
            _ => (),
        }
    }

    fn push(&mut self, line: Line) {
        let bytes = line.bytes();
        self.recorded += 1;
        drop(self.lines.push(line, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn the_oldest_lines_are_dropped_and_counted() {
        let line = |text: &str| Line {
            time: UNIX_EPOCH,
            function: String::new(),
            log_stream: String::new(),
            source: String::new(),
            text: text.to_owned(),
            trace_id: None,
        };
        let mut store = LineStore::new(2 * line("1").bytes());
        for text in ["1", "2", "3"] {
            store.push(line(text));
        }
        assert_eq!(store.lines().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!((store.dropped(), store.lines.weight()), (1, 2 * line("1").bytes()));
        store.push(line(&"x".repeat(10_000)));
        assert_eq!((store.lines().count(), store.dropped(), store.lines.weight()), (0, 4, 0));
        assert_eq!(store.recorded(), 4);
    }
}
