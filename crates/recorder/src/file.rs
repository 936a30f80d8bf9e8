//! The ring file: created atomically, mapped, and locked byte by byte, so that processes see which
//! others are alive.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::layout;
use crate::open_error::OpenError;
use crate::region::Region;
use crate::ring::{ReadSide, Ring};
use crate::sink::{BEFORE_FIRST_BATCH, Sink};

/// The byte that the reader locks. Writer slot `i` locks the byte at this offset plus 1 + `i`. They
/// are far behind the end of the file, where locks are allowed and no data is.
const LOCKS_AT: libc::off_t = 1 << 40;

/// Larger positions are taken for damage: at 1 GB a second, a ring would need 146 years to get
/// there.
const MAX_POSITION: u64 = 1 << 62;

/// The open file of a ring, which owns the locks. The kernel releases them when the process ends,
/// however it ends.
pub(crate) struct RingFile {
    file: File,
    pub(crate) path: PathBuf,
}

impl RingFile {
    /// Opens the ring at `path`, or creates one of `bytes`, within the limits and rounded up. An
    /// existing ring keeps its size.
    pub(crate) fn open(path: &Path, bytes: u64) -> Result<(Self, Arc<Ring>), OpenError> {
        let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
        let open = || OpenOptions::new().read(true).write(true).open(path);
        let file = match open() {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                create(path, bytes.clamp(layout::MIN_BYTES, layout::MAX_BYTES).next_power_of_two())?;
                open()
            }
            other => other,
        }
        .map_err(unusable)?;
        let bytes = check_header(&file, path)?;
        let region = Region::map(&file, layout::HEADER_BYTES + bytes as usize).map_err(unusable)?;
        let ring = Ring::over(region, bytes);
        check_cursors(&ring, path)?;
        Ok((Self { file, path: path.to_owned() }, Arc::new(ring)))
    }

    /// Returns the reader's side of `ring`, which is the ring of this file; `None` if another
    /// process has it.
    pub(crate) fn lock_reader(&self, ring: Arc<Ring>) -> Option<ReadSide> {
        // SAFETY: every `ReadSide` of a ring file is created here, under the lock that the kernel
        // grants to one open file only.
        self.lock(LOCKS_AT).then(|| unsafe { ReadSide::new(ring) })
    }

    pub(crate) fn is_reader_alive(&self) -> bool {
        self.is_locked_by_another(LOCKS_AT)
    }

    pub(crate) fn lock_slot(&self, slot: u32) -> bool {
        self.lock(LOCKS_AT + 1 + libc::off_t::from(slot))
    }

    pub(crate) fn is_slot_alive(&self, slot: u32) -> bool {
        self.is_locked_by_another(LOCKS_AT + 1 + libc::off_t::from(slot))
    }

    fn lock(&self, byte: libc::off_t) -> bool {
        self.control(libc::F_OFD_SETLK, &mut one_byte(byte)).is_ok()
    }

    /// If the kernel returns an error, the answer is yes: then no hole is skipped and no process is
    /// taken for dead.
    fn is_locked_by_another(&self, byte: libc::off_t) -> bool {
        let mut lock = one_byte(byte);
        self.control(libc::F_OFD_GETLK, &mut lock).is_err() || libc::c_int::from(lock.l_type) != libc::F_UNLCK
    }

    fn control(&self, command: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
        // SAFETY: an open descriptor, and a `flock` that lives during the call, as both commands
        // require.
        match unsafe { libc::fcntl(self.file.as_raw_fd(), command, std::ptr::from_mut(lock)) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

fn one_byte(byte: libc::off_t) -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte,
        l_len: 1,
        // Open-file-description locks require zero here.
        l_pid: 0,
    }
}

/// Creates the file under a temporary name and links it to its path, so that no process opens an
/// incomplete header. If two processes do so at once, the first link wins and both open the same
/// file.
fn create(path: &Path, bytes: u64) -> Result<(), OpenError> {
    let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}-{:?}", std::process::id(), std::thread::current().id()));
    let draft = PathBuf::from(draft);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&draft).map_err(unusable)?;
    let created = allocate(&file, path, layout::HEADER_BYTES as u64 + bytes)
        .and_then(|()| write_header(&file, bytes).map_err(unusable))
        .and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(why) if why.kind() != io::ErrorKind::AlreadyExists => Err(unusable(why)),
            _ => Ok(()),
        });
    std::fs::remove_file(&draft).map_err(unusable)?;
    created
}

fn allocate(file: &File, path: &Path, bytes: u64) -> Result<(), OpenError> {
    // SAFETY: an open descriptor and two numbers.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) } {
        0 => Ok(()),
        libc::ENOSPC | libc::EDQUOT | libc::EFBIG => Err(OpenError::NoSpace { path: path.to_owned(), bytes }),
        code => Err(OpenError::Unusable { path: path.to_owned(), source: io::Error::from_raw_os_error(code) }),
    }
}

fn write_header(file: &File, bytes: u64) -> io::Result<()> {
    file.write_all_at(&layout::FILE_MAGIC.to_ne_bytes(), layout::AT_MAGIC as u64)?;
    file.write_all_at(&layout::VERSION.to_ne_bytes(), layout::AT_VERSION as u64)?;
    file.write_all_at(&bytes.to_ne_bytes(), layout::AT_BYTES as u64)?;
    // The last acknowledged and the last attempted batch of each sink.
    let batches = [BEFORE_FIRST_BATCH.to_ne_bytes(); 2 * Sink::COUNT];
    file.write_all_at(batches.as_flattened(), layout::AT_SINKS as u64)
}

fn check_header(file: &File, path: &Path) -> Result<u64, OpenError> {
    let damaged = || OpenError::Damaged { path: path.to_owned() };
    let mut header = [0_u8; 24];
    file.read_exact_at(&mut header, 0).map_err(|_| damaged())?;
    let (magic, rest) = header.split_at(8);
    if magic != layout::FILE_MAGIC.to_ne_bytes() {
        return Err(damaged());
    }
    let found = rest[..4].try_into().map(u32::from_ne_bytes).map_err(|_| damaged())?;
    if found != layout::VERSION {
        return Err(OpenError::OtherVersion { path: path.to_owned(), found });
    }
    let bytes = rest[8..].try_into().map(u64::from_ne_bytes).map_err(|_| damaged())?;
    let length = file.metadata().map_err(|source| OpenError::Unusable { path: path.to_owned(), source })?.len();
    let known = bytes.is_power_of_two() && (layout::MIN_BYTES..=layout::MAX_BYTES).contains(&bytes);
    if known && length >= layout::HEADER_BYTES as u64 + bytes { Ok(bytes) } else { Err(damaged()) }
}

/// Checks the cursors: aligned, in order, not more than a ring apart, and far from an overflow.
fn check_cursors(ring: &Ring, path: &Path) -> Result<(), OpenError> {
    // In this order: each cursor may move meanwhile, but none passes the next one. `free` is loaded
    // again behind the tail, because writers may have claimed what the reader freed meanwhile.
    let free = ring.free().load(Ordering::Acquire);
    let read = ring.read().load(Ordering::Acquire);
    let tail = ring.tail().load(Ordering::Acquire);
    let free_now = ring.free().load(Ordering::Acquire);
    let aligned = [free, read, tail, free_now].iter().all(|cursor| cursor.is_multiple_of(layout::ALIGN));
    if aligned && free <= read && read <= tail && tail.saturating_sub(free_now) <= ring.bytes() && tail < MAX_POSITION {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned() })
}
