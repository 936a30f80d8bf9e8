#![doc = include_str!("../README.md")]

mod api;
mod config;
mod delivery;
mod emulator;
mod environment;
mod environment_handle;
mod event_bus;
mod events;
mod extensions_api;
mod faults;
mod lifecycle;
mod logs;
mod memory;
mod orphans;
mod outcome;
mod output_drain;
mod platform;
mod pool;
mod process;
mod reaper;
mod routes;
mod runtime_api;
mod telemetry;
mod telemetry_api;
mod telemetry_event;
mod trace;
mod variables;

pub use config::{Credentials, EmulatorConfig, FunctionConfig};
pub use emulator::Emulator;
pub use environment_handle::EnvironmentSnapshot;
pub use event_bus::Subscription;
pub use events::{EmulatorEvent, EnvironmentEnd, LogLine, Source, Stream};
pub use faults::{Faults, Freeze, Kill, KillTarget, KillTrigger, RuntimeDoneFault, TelemetryFault};
pub use outcome::{FailureKind, Invocation, InvocationInfo, InvokeError, Outcome, PAYLOAD_LIMIT, RESPONSE_LIMIT};
