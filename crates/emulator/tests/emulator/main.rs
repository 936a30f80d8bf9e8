//! The emulator at its edge: real processes, real sockets, nothing pretended.

mod chaos;
mod deaths;
mod extensions;
mod faults;
mod freezing;
mod invocations;
mod leaving;
mod lines;
mod managed;
mod support;
mod telemetry;
mod variables;
