//! The extension as Lambda runs it: the real process beside a real function on the emulator, with
//! strict fakes as destinations.

#[path = "../support/binary.rs"]
mod binary;
mod deaths;
mod destinations;
mod hanging;
#[path = "../chaos/leftovers.rs"]
mod leftovers;
#[path = "../chaos/machine_delay.rs"]
mod machine_delay;
mod managed;
mod outage;
mod plain_function;
mod restarts;
mod support;
