//! The stage at its edge: real processes, real sockets, nothing pretended.

mod deaths;
mod invocations;
mod support;
