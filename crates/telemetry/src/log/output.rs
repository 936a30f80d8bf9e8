//! The output of log lines: one write per line, which never fails and never waits long.

use std::fs::OpenOptions;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::lock::lock;

/// The longest that a line waits for a full pipe before it is dropped. Lambda normally empties the pipe within
/// microseconds, and a request must not wait when it does not.
const TIMEOUT: Duration = Duration::from_millis(20);

/// The output of log lines.
#[derive(Debug)]
pub(crate) struct Output {
    file: OwnedFd,
    kind: Kind,
    /// Held while a line is written, because a long one may take several writes.
    turn: Mutex<()>,
    /// The last line was dropped: the next one does not wait at all.
    stuck: AtomicBool,
    /// A part of the last line was written: the next one begins with a newline.
    torn: AtomicBool,
    lost: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A regular file, which never blocks, or a file that cannot be made non-blocking.
    Plain,
    /// A pipe or terminal, opened again as non-blocking.
    NonBlocking,
    /// A socket, written to with `MSG_DONTWAIT`.
    Socket,
}

impl Output {
    /// Writes to standard output.
    pub(crate) fn stdout() -> std::io::Result<Self> {
        Self::new(std::io::stdout().as_fd())
    }

    /// Writes to `file`. `O_NONBLOCK` belongs to the open file, which other processes share, and not
    /// to the descriptor. So a pipe is opened again, for this process alone.
    pub(crate) fn new(file: BorrowedFd<'_>) -> std::io::Result<Self> {
        let (file, kind) = match FileType::from_raw_mode(rustix::fs::fstat(file)?.st_mode) {
            FileType::Socket => (file.try_clone_to_owned()?, Kind::Socket),
            FileType::Fifo | FileType::CharacterDevice => match reopen(file) {
                Ok(reopened) => (reopened, Kind::NonBlocking),
                Err(_) => (file.try_clone_to_owned()?, Kind::Plain),
            },
            _ => (file.try_clone_to_owned()?, Kind::Plain),
        };
        Ok(Self {
            file,
            kind,
            turn: Mutex::new(()),
            stuck: AtomicBool::new(false),
            torn: AtomicBool::new(false),
            lost: AtomicU64::new(0),
        })
    }

    /// Writes one line, or counts it as lost.
    pub(crate) fn write(&self, line: &[u8]) {
        let turn = lock(&self.turn);
        let at_line_start = !self.torn.load(Ordering::Relaxed) || self.write_all(b"\n") == 1;
        let written = if at_line_start { self.write_all(line) } else { 0 };
        let whole = written == line.len();
        if at_line_start {
            self.torn.store(written > 0 && !whole, Ordering::Relaxed);
        }
        drop(turn);
        self.stuck.store(!whole, Ordering::Relaxed);
        if !whole {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The number of lost lines.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes as much of the line as possible; returns the number of bytes.
    fn write_all(&self, line: &[u8]) -> usize {
        let (mut total, mut deadline) = (0, None);
        while total < line.len() {
            match self.write_some(&line[total..]) {
                Ok(written) if written > 0 => total += written,
                Err(Errno::INTR) => (),
                Err(Errno::AGAIN) if self.becomes_ready(&mut deadline) => (),
                _ => break,
            }
        }
        total
    }

    fn write_some(&self, line: &[u8]) -> Result<usize, Errno> {
        match self.kind {
            Kind::Socket => {
                let flags = rustix::net::SendFlags::DONTWAIT | rustix::net::SendFlags::NOSIGNAL;
                rustix::net::send(&self.file, line, flags)
            }
            Kind::Plain | Kind::NonBlocking => rustix::io::write(&self.file, line),
        }
    }

    /// Waits until the output accepts bytes, for at most `TIMEOUT` per line.
    fn becomes_ready(&self, deadline: &mut Option<Instant>) -> bool {
        if self.stuck.load(Ordering::Relaxed) {
            return false;
        }
        let now = Instant::now();
        let left = deadline.get_or_insert(now + TIMEOUT).saturating_duration_since(now);
        let left = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        let mut wanted = [PollFd::new(&self.file, PollFlags::OUT)];
        matches!(poll(&mut wanted, Some(&left)), Ok(1..)) && wanted[0].revents().contains(PollFlags::OUT)
    }
}

fn reopen(file: BorrowedFd<'_>) -> std::io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits().cast_signed();
    Ok(OpenOptions::new().write(true).custom_flags(flags).open(path)?.into())
}
