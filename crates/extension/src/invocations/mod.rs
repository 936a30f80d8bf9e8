//! What the extension knows of processes and invocations: the records of the ring, in memory.

mod death_cause;
mod invocation;
mod platform_event;
mod process;
mod sampling;
mod table;

pub(crate) use death_cause::{describe, from_platform, time_of_unseen_death, without_platform_event};
pub(crate) use invocation::{Death, Invocation, Key, Report, Span};
pub(crate) use platform_event::{PlatformEvent, Status, decode};
pub(crate) use process::Process;
pub(crate) use sampling::Sampling;
pub(crate) use table::{InitDeath, Table};
