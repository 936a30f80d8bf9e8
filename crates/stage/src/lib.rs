//! A Lambda service on one machine: real processes behind a real Runtime and Extensions API, with the timeouts, freezes,
//! crashes and resets that they meet on AWS.
//!
//! A [`Stage`] holds functions by name. Each concurrent invocation has an execution environment of its own: a folder, a
//! listener, a runtime process, and the extensions. Start with `stage.rs` (the way in), then `environment.rs` (the loop) and
//! `life.rs` (what it decides).

mod api;
mod config;
mod delivery;
mod environment;
mod events;
mod extensions_api;
mod faults;
mod life;
mod logs;
mod memory;
mod outcome;
mod platform;
mod pool;
mod process;
mod runtime_api;
mod stage;
mod strays;
mod telemetry;
mod telemetry_api;
mod trace;
mod variables;
mod warden;

pub use config::{Credentials, FunctionConfig, StageConfig};
pub use environment::EnvironmentView;
pub use events::{Ended, LogLine, Source, StageEvent, Stream, Subscription};
pub use faults::{Faults, Freeze, Kill, Moment, RuntimeDoneFault, TelemetryFault, Whom};
pub use outcome::{FailureKind, Invocation, InvokeError, Outcome, PAYLOAD_LIMIT, RESPONSE_LIMIT, Served};
pub use stage::Stage;
