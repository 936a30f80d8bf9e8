//! Tells whether all that a process has written so far has been read and passed on.
//!
//! A platform line is to come after the lines that the function wrote before it, though the two take different ways.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::ioctl_fionread;
use tokio::io::{AsyncRead, ReadBuf};

/// Set by a reader from before it takes bytes out of the pipe until it has passed them on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Busy(Arc<AtomicBool>);

impl Busy {
    /// Reads once; whoever finds the pipe empty and this at rest afterwards knows that nothing is on its way.
    pub(crate) async fn read(&self, pipe: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|context| {
            let mut space = ReadBuf::new(buffer);
            self.0.store(true, Ordering::SeqCst);
            let polled = Pin::new(&mut *pipe).poll_read(context, &mut space);
            if polled.is_pending() {
                self.rest();
            }
            polled.map_ok(|()| space.filled().len())
        })
        .await
    }

    pub(crate) fn rest(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// A second hand on the reading end of a pipe.
#[derive(Debug)]
pub(crate) struct Tap {
    pipe: OwnedFd,
    busy: Busy,
}

impl Tap {
    pub(crate) fn new(pipe: &impl AsFd) -> io::Result<Self> {
        Ok(Self { pipe: pipe.as_fd().try_clone_to_owned()?, busy: Busy::default() })
    }

    pub(crate) fn busy(&self) -> Busy {
        self.busy.clone()
    }

    /// Looks at the pipe first: what left it is with a reader that is busy.
    pub(crate) fn is_dry(&self) -> bool {
        ioctl_fionread(&self.pipe).unwrap_or(0) == 0 && !self.busy.0.load(Ordering::SeqCst)
    }
}
