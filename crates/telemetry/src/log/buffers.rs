//! The buffers of a thread's log lines.

use std::cell::RefCell;

use crate::buffer::with_own;

thread_local! {
    static BUFFERS: RefCell<Buffers> = const { RefCell::new(Buffers { line: Vec::new(), value: String::new() }) };
}

/// The buffers of a thread.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// The line.
    pub(super) line: Vec<u8>,
    /// A value that must be formatted before it can be scrubbed.
    pub(super) value: String,
}

/// The capacity that buffers keep for the next line.
const KEPT_BYTES: usize = 16_384;

/// Runs `write` with this thread's buffers for lines.
pub(super) fn with_buffers(write: impl FnOnce(&mut Buffers)) {
    with_own(&BUFFERS, |buffers| {
        buffers.line.clear();
        write(buffers);
        buffers.line.shrink_to(KEPT_BYTES);
        buffers.value.shrink_to(KEPT_BYTES);
    });
}
