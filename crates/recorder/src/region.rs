//! The memory of a ring: a shared mapping of a file, or plain heap in tests and under miri. Every
//! access is checked against the bounds.

use std::sync::atomic::{AtomicU32, AtomicU64};

/// Memory that several threads or processes use at the same time.
pub(crate) struct Region {
    start: *mut u8,
    length: usize,
    owner: Owner,
}

enum Owner {
    /// A mapping, which is unmapped on drop.
    Mapping,
    /// The words of a leaked box, which is freed on drop.
    #[cfg(test)]
    Heap { words: usize },
}

// SAFETY: the region is plain memory that is not tied to a thread. Threads share what processes
// share: atomics, and bytes of which the protocol of the ring makes one thread the only user
// (`ring/mod.rs`).
unsafe impl Send for Region {}
// SAFETY: as above; every method takes `&self` and is either atomic or unsafe with that protocol as
// its condition.
unsafe impl Sync for Region {}

impl Region {
    /// Maps `length` bytes of `file`, shared with every other process that maps it.
    pub(crate) fn map(file: &std::fs::File, length: usize) -> std::io::Result<Self> {
        use std::os::fd::AsRawFd;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses overlaps no other memory; the
        // descriptor is open during the call, and the mapping outlives it.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        Ok(Self { start: start.cast(), length, owner: Owner::Mapping })
    }

    #[cfg(test)]
    pub(crate) fn heap(length: usize) -> Self {
        let words: Box<[u64]> = vec![0; length.div_ceil(8)].into();
        let owner = Owner::Heap { words: words.len() };
        // Leaked, because a box in a struct asserts that it is the only access to its memory, which
        // it is not here.
        Self { start: Box::into_raw(words).cast(), length, owner }
    }

    #[inline]
    fn at(&self, offset: usize, length: usize, align: usize) -> *mut u8 {
        let end = offset.checked_add(length);
        assert!(end.is_some_and(|end| end <= self.length), "{offset}+{length} lies outside the region");
        assert!(offset.is_multiple_of(align), "{offset} is not a multiple of {align}");
        // SAFETY: the assertion above found the offset inside the one allocation that `start`
        // points to.
        unsafe { self.start.add(offset) }
    }

    #[inline]
    pub(crate) fn atomic64(&self, offset: usize) -> &AtomicU64 {
        let place = self.at(offset, 8, 8).cast();
        // SAFETY: in bounds, aligned (mappings and heap words both begin at a multiple of 8), alive
        // as long as `self`. The ring accesses these bytes non-atomically only while it is their
        // only user.
        unsafe { AtomicU64::from_ptr(place) }
    }

    #[inline]
    pub(crate) fn atomic32(&self, offset: usize) -> &AtomicU32 {
        let place = self.at(offset, 4, 4).cast();
        // SAFETY: as in `atomic64`.
        unsafe { AtomicU32::from_ptr(place) }
    }

    /// Borrows bytes.
    ///
    /// # Safety
    /// No thread or process writes these bytes while the slice lives.
    #[inline]
    pub(crate) unsafe fn bytes(&self, offset: usize, length: usize) -> &[u8] {
        let place = self.at(offset, length, 1);
        // SAFETY: in bounds; the memory is initialised, as zeros or as written bytes; the caller
        // guarantees that it does not change while it is borrowed.
        unsafe { std::slice::from_raw_parts(place, length) }
    }

    /// Copies `bytes` to `offset`.
    ///
    /// # Safety
    /// No other thread or process reads or writes these bytes during the call.
    #[inline]
    pub(crate) unsafe fn copy_in(&self, offset: usize, bytes: &[u8]) {
        let place = self.at(offset, bytes.len(), 1);
        // SAFETY: in bounds; `bytes` does not overlap these bytes, because a shared slice of them
        // would break the caller's guarantee.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) }
    }

    /// Fills bytes with zeros.
    ///
    /// # Safety
    /// No other thread or process reads or writes these bytes during the call.
    #[inline]
    pub(crate) unsafe fn zero(&self, offset: usize, length: usize) {
        let place = self.at(offset, length, 1);
        // SAFETY: in bounds, and the caller guarantees exclusive access.
        unsafe { std::ptr::write_bytes(place, 0, length) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        match self.owner {
            // SAFETY: exactly the mapping that `map` created; every reference into it borrowed
            // `self` and is gone.
            Owner::Mapping => drop(unsafe { libc::munmap(self.start.cast(), self.length) }),
            #[cfg(test)]
            Owner::Heap { words } => {
                let words = std::ptr::slice_from_raw_parts_mut(self.start.cast::<u64>(), words);
                // SAFETY: exactly the box that `heap` leaked, and only once.
                drop(unsafe { Box::from_raw(words) });
            }
        }
    }
}
