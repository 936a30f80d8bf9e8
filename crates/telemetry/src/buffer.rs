//! Buffers that a thread uses again and again, so that telling something allocates nothing in the common case.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Runs `work` with this thread's buffer, as the last work left it. Whoever comes while it is in use (a value whose formatting
/// logs, a panic on the way), or when the thread's own values are gone, gets a new one.
pub(crate) fn with_own<T: Default, R>(own: &'static LocalKey<RefCell<T>>, work: impl FnOnce(&mut T) -> R) -> R {
    let taken = own.try_with(|own| own.try_borrow_mut().map(|mut own| std::mem::take(&mut *own)));
    let mut buffer = taken.ok().and_then(Result::ok).unwrap_or_default();
    let answer = work(&mut buffer);
    let _ = own.try_with(|own| own.try_borrow_mut().map(|mut own| *own = buffer));
    answer
}

/// Runs `work` with this thread's buffer, emptied. One that grew beyond `kept` bytes is not kept so large.
pub(crate) fn with_buffer<R>(
    own: &'static LocalKey<RefCell<Vec<u8>>>,
    kept: usize,
    work: impl FnOnce(&mut Vec<u8>) -> R,
) -> R {
    with_own(own, |buffer| {
        buffer.clear();
        let answer = work(buffer);
        buffer.shrink_to(kept);
        answer
    })
}
