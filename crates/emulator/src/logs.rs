//! Standard output and standard error of a process, line by line.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::AsyncRead;

use crate::events::{EmulatorEvent, Hub, LogLine, Source, Stream};
use crate::output_drain::Busy;
use crate::telemetry::{Item, Kind, Telemetry};

/// Lambda cuts a longer line into several events. 256 KB is what was seen; it is not documented.
const LINE_LIMIT: usize = 256 * 1024;

/// One read; a pipe holds 64 KiB.
const READ_SIZE: usize = 64 * 1024;

/// Where an environment's lines go.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    hub: Hub,
    function: Arc<str>,
    environment: Arc<str>,
    log_stream: Arc<str>,
    telemetry: Telemetry,
}

impl Journal {
    pub(crate) fn new(hub: Hub, telemetry: Telemetry, function: &str, environment: &str, log_stream: &str) -> Self {
        Self {
            hub,
            function: function.into(),
            environment: environment.into(),
            log_stream: log_stream.into(),
            telemetry,
        }
    }

    /// Writes a line of Lambda's own. It never waits: there are a few per invocation.
    pub(crate) fn write_platform(&self, time: SystemTime, line: String) {
        self.hub.publish(EmulatorEvent::Line(self.line(time, Source::Platform, Stream::Stdout, line)));
    }

    /// Reads to the end of `pipe`; the line that has no end counts too.
    pub(crate) async fn read(self, mut pipe: impl AsyncRead + Unpin, busy: Busy, source: Source, stream: Stream) {
        let mut cutter = Cutter::default();
        let mut buffer = vec![0; READ_SIZE];
        while let Ok(count @ 1..) = busy.read(&mut pipe, &mut buffer).await {
            for line in cutter.push(&buffer[..count]) {
                self.write(&source, stream, line).await;
            }
        }
        if let Some(line) = cutter.finish() {
            self.write(&source, stream, line).await;
        }
        busy.rest();
    }

    async fn write(&self, source: &Source, stream: Stream, line: Vec<u8>) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let now = SystemTime::now();
        let kind = if *source == Source::Function { Kind::Function } else { Kind::Extension };
        self.telemetry.publish(Item::line(kind, now, &line));
        self.hub.publish_line(self.line(now, source.clone(), stream, line)).await;
    }

    fn line(&self, time: SystemTime, source: Source, stream: Stream, line: String) -> LogLine {
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

/// Cuts bytes into lines no longer than the limit.
#[derive(Debug, Default)]
struct Cutter {
    rest: Vec<u8>,
}

impl Cutter {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(end) => {
                    self.append(end, &mut lines);
                    lines.push(without_return(std::mem::take(&mut self.rest)));
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

fn without_return(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_come_in_pieces_and_several_in_one() {
        let mut cutter = Cutter::default();
        assert_eq!(cutter.push(b"on"), Vec::<Vec<u8>>::new());
        assert_eq!(cutter.push(b"e\ntwo\r\n\nthr"), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(cutter.finish(), Some(b"thr".to_vec()));
    }

    #[test]
    fn a_line_beyond_the_limit_becomes_several_events_and_loses_nothing() {
        let mut cutter = Cutter::default();
        let long: Vec<u8> = (0..LINE_LIMIT * 2 + 7).map(|index| b'a' + (index % 26) as u8).collect();
        let mut lines = Vec::new();
        for piece in long.chunks(READ_SIZE) {
            lines.extend(cutter.push(piece));
        }
        lines.extend(cutter.push(b"\n"));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [LINE_LIMIT, LINE_LIMIT, 7]);
        assert_eq!(lines.concat(), long);
    }
}
