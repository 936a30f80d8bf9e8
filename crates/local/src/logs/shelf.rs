//! The lines that fit, the oldest of which go first.

use std::collections::{HashMap, VecDeque};

use crudder_emulator::{EmulatorEvent, EnvironmentEnd};

use super::line::{self, Line};

#[derive(Debug)]
pub(super) struct Shelf {
    lines: VecDeque<Line>,
    bytes: usize,
    room: usize,
    /// The trace that each environment is at, for lines that name none. As long as the list of living environments.
    current: HashMap<String, String>,
    pub(super) dropped: u64,
}

impl Shelf {
    pub(super) fn new(room: usize) -> Self {
        Self { lines: VecDeque::new(), bytes: 0, room, current: HashMap::new(), dropped: 0 }
    }

    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.lines.iter()
    }

    /// How many lines have come, those that fell off too.
    pub(super) fn come(&self) -> u64 {
        self.lines.len() as u64 + self.dropped
    }

    pub(super) fn record(&mut self, event: &EmulatorEvent) {
        match event {
            EmulatorEvent::Line(heard) => self.keep(Line::new(heard, self.current.get(&heard.environment))),
            EmulatorEvent::InvocationStarted { environment, trace_header, .. } => {
                match line::trace_id(trace_header) {
                    Some(trace) => self.current.insert(environment.clone(), trace),
                    None => self.current.remove(environment),
                };
            }
            EmulatorEvent::EnvironmentEnded { environment, end: EnvironmentEnd::Removed } => {
                self.current.remove(environment);
            }
            _ => (),
        }
    }

    fn keep(&mut self, line: Line) {
        self.bytes += line.bytes();
        self.lines.push_back(line);
        while self.bytes > self.room
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn what_no_longer_fits_falls_off_at_the_old_end_and_is_counted() {
        let line = |text: &str| Line {
            time: UNIX_EPOCH,
            function: String::new(),
            log_stream: String::new(),
            source: String::new(),
            text: text.to_owned(),
            trace_id: None,
        };
        let mut shelf = Shelf::new(2 * line("1").bytes());
        for text in ["1", "2", "3"] {
            shelf.keep(line(text));
        }
        assert_eq!(shelf.lines().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!((shelf.dropped, shelf.bytes), (1, 2 * line("1").bytes()));
        shelf.keep(line(&"x".repeat(10_000)));
        assert_eq!((shelf.lines().count(), shelf.dropped, shelf.bytes), (0, 4, 0));
    }
}
