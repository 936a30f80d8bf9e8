//! A Lambda service on one machine: real processes behind a real Runtime and Extensions API, with the timeouts, freezes,
//! crashes and resets that they meet on AWS.
//!
//! A [`Emulator`] holds functions by name. Each concurrent invocation has an execution environment of its own: a folder, a
//! listener, a runtime process, and the extensions. Lambda Managed Instances, which serve several at once in one environment,
//! are played where [`EmulatorConfig::managed_concurrency`] says so. Start with `stage.rs` (the way in), then `environment.rs` (the loop) and
//! `life.rs` (what it decides); `environment/managed.rs` is the other kind of environment.
//!
//! # Where it is not AWS
//!
//! - An environment is a folder and a process group per process, not a micro-VM: `/tmp` is named by `TMPDIR`, its size has no
//!   limit, and the processor is not divided by memory size.
//! - Memory is looked at every 25 ms, and counts what processes allocated, not the pages of program files. What is beyond the
//!   function's memory is killed at the next look. `prlimit` would make an allocation fail, where Lambda kills; control groups
//!   need rights that a test must not need.
//! - An invocation that comes while an environment has answered but is not done waits for it and does not start another one.
//!   AWS would decide that by more than one machine can know. Where every environment is busy or being reset and the limit is
//!   reached, it waits for a reset.
//! - Children end with the emulator, also with one that is killed, on Linux: a shell watches over them and finds them in `/proc`.
//! - Nothing filters lines by `AWS_LAMBDA_LOG_LEVEL`; the function does that itself.
//! - How often telemetry is retried, how long an extension may take to answer it, and how a timeout reads in the log when the
//!   format is JSON is not documented by AWS: the constants say what was chosen.

mod api;
mod config;
mod delivery;
mod emulator;
mod environment;
mod events;
mod extensions_api;
mod faults;
mod life;
mod logs;
mod memory;
mod orphans;
mod outcome;
mod output_drain;
mod platform;
mod pool;
mod process;
mod reaper;
mod runtime_api;
mod telemetry;
mod telemetry_api;
mod trace;
mod variables;

pub use config::{Credentials, EmulatorConfig, FunctionConfig};
pub use emulator::Emulator;
pub use environment::EnvironmentView;
pub use events::{EmulatorEvent, EnvironmentEnd, LogLine, Source, Stream, Subscription};
pub use faults::{Faults, Freeze, Kill, KillTarget, KillTrigger, RuntimeDoneFault, TelemetryFault};
pub use outcome::{FailureKind, Invocation, InvocationInfo, InvokeError, Outcome, PAYLOAD_LIMIT, RESPONSE_LIMIT};
