//! Tests of the emulator from outside: with real processes and real sockets.

mod chaos;
mod deaths;
mod extensions;
mod faults;
mod freezing;
mod invocations;
mod log_lines;
mod managed;
mod shutdown;
mod support;
mod telemetry;
mod variables;
