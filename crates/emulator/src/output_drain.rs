//! Determines whether all output of a process so far was read and forwarded.
//!
//! A platform line must come after the lines that the function wrote before it. The function's
//! lines go through a pipe, and the platform line does not.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::ioctl_fionread;
use tokio::io::{AsyncRead, ReadBuf};

/// Whether a reader holds bytes: it sets this before it takes bytes out of the pipe, and clears it
/// when it has forwarded them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReaderActivity(Arc<AtomicBool>);

impl ReaderActivity {
    /// Reads once. If the pipe is empty and this is clear afterwards, no byte is on its way.
    pub(crate) async fn read(&self, pipe: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|context| {
            let mut space = ReadBuf::new(buffer);
            self.0.store(true, Ordering::SeqCst);
            let polled = Pin::new(&mut *pipe).poll_read(context, &mut space);
            if polled.is_pending() {
                self.set_idle();
            }
            polled.map_ok(|()| space.filled().len())
        })
        .await
    }

    pub(crate) fn set_idle(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// A second descriptor of the reading end of a pipe, to query how many bytes it holds.
#[derive(Debug)]
pub(crate) struct OutputDrain {
    pipe: OwnedFd,
    activity: ReaderActivity,
}

impl OutputDrain {
    pub(crate) fn new(pipe: &impl AsFd) -> io::Result<Self> {
        Ok(Self { pipe: pipe.as_fd().try_clone_to_owned()?, activity: ReaderActivity::default() })
    }

    pub(crate) fn activity(&self) -> ReaderActivity {
        self.activity.clone()
    }

    /// Whether no byte is on its way. Looks at the pipe first: while bytes that left it are not
    /// forwarded, their reader is active.
    pub(crate) fn is_drained(&self) -> bool {
        ioctl_fionread(&self.pipe).unwrap_or(0) == 0 && !self.activity.0.load(Ordering::SeqCst)
    }
}
