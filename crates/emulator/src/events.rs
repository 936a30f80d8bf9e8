//! The events that an emulator publishes: log lines, and changes of environments and invocations.

use std::path::PathBuf;
use std::time::SystemTime;

/// The process that wrote a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The runtime, which is the function.
    Function,
    /// The extension of this name.
    Extension(String),
    /// Lambda itself.
    Platform,
}

/// The stream that a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One log event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the emulator read the line.
    pub time: SystemTime,
    /// The function whose log group the line belongs to.
    pub function: String,
    /// The environment's id.
    pub environment: String,
    /// The name of the CloudWatch log stream.
    pub log_stream: String,
    /// The process that wrote the line.
    pub source: Source,
    /// The stream. Lines of the platform count as standard output.
    pub stream: Stream,
    /// The line without its line end. Invalid UTF-8 is replaced.
    pub line: String,
}

/// How far an environment has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentEnd {
    /// Its processes have ended after a failure or a timeout. The environment and its folder stay,
    /// and the next invocation starts new processes.
    Reset,
    /// The environment and its folder are gone.
    Removed,
}

/// An event of an emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmulatorEvent {
    /// A process or the platform wrote a log line.
    Line(LogLine),
    /// An environment was created. Its processes start next.
    EnvironmentStarted {
        /// The environment's id.
        environment: String,
        /// The environment's function.
        function: String,
        /// The environment's folder. `tmp` in it is the function's `/tmp`.
        folder: PathBuf,
    },
    /// A process was started.
    ProcessStarted {
        /// The environment's id.
        environment: String,
        /// [`Source::Function`] or [`Source::Extension`].
        process: Source,
        /// The process id, which is also the id of its process group.
        pid: u32,
    },
    /// A process exited.
    ProcessEnded {
        /// The environment's id.
        environment: String,
        /// [`Source::Function`] or [`Source::Extension`].
        process: Source,
        /// The exit status as Go prints it: `exit status 101`, `signal: killed`.
        exit_status: String,
    },
    /// All processes of an environment wait in `next` and were stopped.
    Frozen {
        /// The environment's id.
        environment: String,
    },
    /// The processes of an environment run again.
    Thawed {
        /// The environment's id.
        environment: String,
    },
    /// All processes of an environment have ended.
    EnvironmentEnded {
        /// The environment's id.
        environment: String,
        /// Whether the environment stays.
        end: EnvironmentEnd,
    },
    /// The runtime gets an invocation.
    InvocationStarted {
        /// The environment's id.
        environment: String,
        /// The request id.
        request_id: String,
        /// The trace header as it came from upstream.
        trace_header: String,
        /// The id of the function's segment, 16 hex digits.
        segment_id: String,
        /// Whether processes were started for this invocation.
        cold_start: bool,
    },
    /// The environment is done with an invocation. The caller may have had the response before.
    InvocationEnded {
        /// The environment's id.
        environment: String,
        /// The request id.
        request_id: String,
        /// `success`, `error`, `failure` or `timeout`.
        status: &'static str,
        /// The error type, as in `platform.report`.
        error_type: Option<String>,
    },
}
