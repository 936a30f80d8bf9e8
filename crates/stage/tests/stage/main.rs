//! The stage at its edge: real processes, real sockets, nothing pretended.

mod deaths;
mod extensions;
mod freezing;
mod invocations;
mod leaving;
mod lines;
mod support;
mod variables;
