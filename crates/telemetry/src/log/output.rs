//! Where lines go: stdout, in one write a line, never waiting for long and never failing.

use std::fs::OpenOptions;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::request::lock;

/// How long a full pipe is waited for before a line is given up: Lambda empties it within microseconds unless it is in
/// trouble, and a request must not wait for that.
const PATIENCE: Duration = Duration::from_millis(20);

/// An output of lines.
#[derive(Debug)]
pub(crate) struct Output {
    file: OwnedFd,
    kind: Kind,
    /// Held while a line that takes more than one write is written, so that no other comes between.
    turn: Mutex<()>,
    /// The last line was given up: the next one does not wait at all.
    stuck: AtomicBool,
    /// And a part of it is out: the next one has to begin on a line of its own.
    torn: AtomicBool,
    lost: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A regular file, which never blocks, or a thing that can't be made non-blocking.
    Plain,
    /// A pipe or terminal opened anew as non-blocking, or a socket.
    NonBlocking,
    Socket,
}

impl Output {
    /// The process's stdout.
    pub(crate) fn stdout() -> std::io::Result<Self> {
        Self::new(std::io::stdout().as_fd())
    }

    /// Writes into `file`. `O_NONBLOCK` belongs to an open file, not to a descriptor, and others share this one; so a
    /// pipe is opened once more, for us alone.
    pub(crate) fn new(file: BorrowedFd<'_>) -> std::io::Result<Self> {
        let (file, kind) = match FileType::from_raw_mode(rustix::fs::fstat(file)?.st_mode) {
            FileType::Socket => (file.try_clone_to_owned()?, Kind::Socket),
            FileType::Fifo | FileType::CharacterDevice => match reopen(file) {
                Ok(own) => (own, Kind::NonBlocking),
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

    /// Writes one line. What can't be written is counted.
    pub(crate) fn write(&self, line: &[u8]) {
        let turn = lock(&self.turn);
        let mended = !self.torn.load(Ordering::Relaxed) || self.write_all(b"\n") == 1;
        let written = if mended { self.write_all(line) } else { 0 };
        let whole = written == line.len();
        if mended {
            self.torn.store(written > 0 && !whole, Ordering::Relaxed);
        }
        drop(turn);
        self.stuck.store(!whole, Ordering::Relaxed);
        if !whole {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were given up.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Answers how much of the line is out.
    fn write_all(&self, line: &[u8]) -> usize {
        let (mut out, mut give_up) = (0, None);
        while out < line.len() {
            match self.write_some(&line[out..]) {
                Ok(written) if written > 0 => out += written,
                Err(Errno::INTR) => (),
                Err(Errno::AGAIN) if self.becomes_ready(&mut give_up) => (),
                _ => break,
            }
        }
        out
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

    /// Waits for room, all in all no longer than the patience with one line.
    fn becomes_ready(&self, give_up: &mut Option<Instant>) -> bool {
        if self.stuck.load(Ordering::Relaxed) {
            return false;
        }
        let now = Instant::now();
        let left = give_up.get_or_insert(now + PATIENCE).saturating_duration_since(now);
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
