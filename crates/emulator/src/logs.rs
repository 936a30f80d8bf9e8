//! Forwards the standard output and standard error of processes, line by line.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::AsyncRead;

use crate::event_bus::EventBus;
use crate::events::{EmulatorEvent, LogLine, Source, Stream};
use crate::output_drain::ReaderActivity;
use crate::telemetry::Telemetry;
use crate::telemetry_event::{TelemetryEvent, TelemetryType};

/// Lambda splits a longer line into several events. AWS does not document the limit; 256 KB was
/// observed.
const LINE_LIMIT: usize = 256 * 1024;

/// The size of one read. A pipe holds 64 KiB.
const READ_SIZE: usize = 64 * 1024;

/// Forwards the lines of one environment to the emulator's subscribers and to telemetry.
#[derive(Debug, Clone)]
pub(crate) struct LogForwarder {
    events: EventBus,
    function: Arc<str>,
    environment: Arc<str>,
    log_stream: Arc<str>,
    telemetry: Telemetry,
}

impl LogForwarder {
    pub(crate) fn new(
        events: EventBus,
        telemetry: Telemetry,
        function: &str,
        environment: &str,
        log_stream: &str,
    ) -> Self {
        Self {
            events,
            function: function.into(),
            environment: environment.into(),
            log_stream: log_stream.into(),
            telemetry,
        }
    }

    /// Forwards a line of Lambda itself. It never waits: there are only a few lines an invocation.
    pub(crate) fn forward_platform_line(&self, time: SystemTime, line: String) {
        self.events.publish(EmulatorEvent::Line(self.log_line(time, Source::Platform, Stream::Stdout, line)));
    }

    /// Reads `pipe` to its end and forwards its lines. The last line needs no line end.
    pub(crate) async fn forward(
        self,
        mut pipe: impl AsyncRead + Unpin,
        activity: ReaderActivity,
        source: Source,
        stream: Stream,
    ) {
        let mut splitter = LineSplitter::default();
        let mut buffer = vec![0; READ_SIZE];
        while let Ok(count @ 1..) = activity.read(&mut pipe, &mut buffer).await {
            for line in splitter.push(&buffer[..count]) {
                self.forward_line(&source, stream, line).await;
            }
        }
        if let Some(line) = splitter.finish() {
            self.forward_line(&source, stream, line).await;
        }
        activity.set_idle();
    }

    async fn forward_line(&self, source: &Source, stream: Stream, line: Vec<u8>) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let now = SystemTime::now();
        let is_function = *source == Source::Function;
        let telemetry_type = if is_function { TelemetryType::Function } else { TelemetryType::Extension };
        self.telemetry.publish(TelemetryEvent::line(telemetry_type, now, &line));
        self.events.publish_line(self.log_line(now, source.clone(), stream, line)).await;
    }

    fn log_line(&self, time: SystemTime, source: Source, stream: Stream, line: String) -> LogLine {
        LogLine {
            time,
            function: self.function.to_string(),
            environment: self.environment.to_string(),
            log_stream: self.log_stream.to_string(),
            source,
            stream,
            line,
        }
    }
}

/// Splits bytes into lines of at most [`LINE_LIMIT`] bytes. Empty lines are left out.
#[derive(Debug, Default)]
struct LineSplitter {
    rest: Vec<u8>,
}

impl LineSplitter {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(end) => {
                    self.append(end, &mut lines);
                    lines.push(without_carriage_return(std::mem::take(&mut self.rest)));
                }
                None => self.append(part, &mut lines),
            }
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    fn append(&mut self, bytes: &[u8], lines: &mut Vec<Vec<u8>>) {
        self.rest.extend_from_slice(bytes);
        while self.rest.len() > LINE_LIMIT {
            let tail = self.rest.split_off(LINE_LIMIT);
            lines.push(std::mem::replace(&mut self.rest, tail));
        }
    }

    fn finish(self) -> Option<Vec<u8>> {
        Some(self.rest).filter(|rest| !rest.is_empty())
    }
}

fn without_carriage_return(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_come_in_several_reads_and_a_read_can_hold_several_lines() {
        let mut splitter = LineSplitter::default();
        assert_eq!(splitter.push(b"on"), Vec::<Vec<u8>>::new());
        assert_eq!(splitter.push(b"e\ntwo\r\n\nthr"), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(splitter.finish(), Some(b"thr".to_vec()));
    }

    #[test]
    fn a_line_beyond_the_limit_becomes_several_events_without_loss() {
        let mut splitter = LineSplitter::default();
        let long: Vec<u8> = (0..LINE_LIMIT * 2 + 7).map(|index| b'a' + (index % 26) as u8).collect();
        let mut lines = Vec::new();
        for part in long.chunks(READ_SIZE) {
            lines.extend(splitter.push(part));
        }
        lines.extend(splitter.push(b"\n"));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [LINE_LIMIT, LINE_LIMIT, 7]);
        assert_eq!(lines.concat(), long);
    }
}
