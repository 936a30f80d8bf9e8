//! The flight recorder: a ring in shared memory.
