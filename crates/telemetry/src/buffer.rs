//! Buffers that each thread reuses, so that encoding allocates nothing in the common case.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Runs `work` with this thread's buffer, in the state in which the last call left it. A nested
/// call (a value whose formatting logs, a panic on the way) gets a new buffer, and so does a call
/// after the thread's own values are gone.
pub(crate) fn with_own<T: Default, R>(own: &'static LocalKey<RefCell<T>>, work: impl FnOnce(&mut T) -> R) -> R {
    let taken = own.try_with(|own| own.try_borrow_mut().map(|mut own| std::mem::take(&mut *own)));
    let mut buffer = taken.ok().and_then(Result::ok).unwrap_or_default();
    let result = work(&mut buffer);
    let _ = own.try_with(|own| own.try_borrow_mut().map(|mut own| *own = buffer));
    result
}

/// Runs `work` with this thread's buffer, emptied. Keeps at most `kept` bytes of its capacity.
pub(crate) fn with_buffer<R>(
    own: &'static LocalKey<RefCell<Vec<u8>>>,
    kept: usize,
    work: impl FnOnce(&mut Vec<u8>) -> R,
) -> R {
    with_own(own, |buffer| {
        buffer.clear();
        let result = work(buffer);
        buffer.shrink_to(kept);
        result
    })
}
