//! The ring's file: made whole or not at all, mapped, and locked byte by byte to tell the living from the dead (D2).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::layout;
use crate::region::Region;
use crate::ring::{ReadSide, Ring};

/// Why a ring can't be used. The caller says so once and runs on without.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not there, not writable, not mappable: a read-only /tmp, for one.
    #[error("the recorder {path} can't be opened")]
    Unusable {
        /// The ring's file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is allocated in full when it is made, so that no write ever meets a full disk (which would be SIGBUS).
    #[error("no space for the recorder {path}: it takes {bytes} bytes")]
    NoSpace {
        /// The ring's file.
        path: PathBuf,
        /// What the whole file takes.
        bytes: u64,
    },
    /// A ring of another version of this crate.
    #[error("the recorder {path} has version {found}, this program knows {}", layout::VERSION)]
    OtherVersion {
        /// The ring's file.
        path: PathBuf,
        /// The file's version.
        found: u32,
    },
    /// A file that is no ring, or one whose header makes no sense.
    #[error("{path} is no recorder, or a damaged one")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Another process reads this ring.
    #[error("the recorder {path} has a reader already")]
    ReaderBusy {
        /// The ring's file.
        path: PathBuf,
    },
    /// More than seven sinks, or a name that is empty, longer than 16 bytes, or used twice.
    #[error("the recorder {path} takes up to {} different sink names of 1 to 16 bytes", layout::Sink::COUNT)]
    InvalidSinks {
        /// The ring's file.
        path: PathBuf,
    },
    /// All slots belong to living processes.
    #[error("the recorder {path} has {} writers already", layout::SLOTS)]
    NoWriterSlot {
        /// The ring's file.
        path: PathBuf,
    },
}

/// The reader's lock byte; slot i's is this plus 1 + i. Far behind the file's end, where locks may lie and bytes don't.
const LOCKS_AT: libc::off_t = 1 << 40;

/// The open file of a ring, through which locks are taken. They go when the process does.
pub(crate) struct RingFile {
    file: File,
    pub(crate) path: PathBuf,
}

impl RingFile {
    /// Opens the ring at `path`, or makes one of about `bytes`. An existing one keeps its size.
    pub(crate) fn open(path: &Path, bytes: u64) -> Result<(Self, Arc<Ring>), OpenError> {
        let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
        let open = || OpenOptions::new().read(true).write(true).open(path);
        let file = match open() {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                create(path, bytes.clamp(layout::LEAST_BYTES, layout::MOST_BYTES).next_power_of_two())?;
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

    /// The reader's side of `ring`, this file's, unless another process has it.
    pub(crate) fn lock_reader(&self, ring: Arc<Ring>) -> Option<ReadSide> {
        // SAFETY: every `ReadSide` of a ring file is made here, under the one lock that the kernel gives to one open file only.
        self.lock(LOCKS_AT).then(|| unsafe { ReadSide::new(ring) })
    }

    pub(crate) fn reader_lives(&self) -> bool {
        self.is_locked_by_another(LOCKS_AT)
    }

    pub(crate) fn lock_slot(&self, slot: u32) -> bool {
        self.lock(LOCKS_AT + 1 + libc::off_t::from(slot))
    }

    pub(crate) fn slot_lives(&self, slot: u32) -> bool {
        self.is_locked_by_another(LOCKS_AT + 1 + libc::off_t::from(slot))
    }

    fn lock(&self, byte: libc::off_t) -> bool {
        self.control(libc::F_OFD_SETLK, &mut one_byte(byte)).is_ok()
    }

    /// When the kernel can't tell, the answer is yes: then nothing is skipped and nobody is buried.
    fn is_locked_by_another(&self, byte: libc::off_t) -> bool {
        let mut lock = one_byte(byte);
        self.control(libc::F_OFD_GETLK, &mut lock).is_err() || libc::c_int::from(lock.l_type) != libc::F_UNLCK
    }

    fn control(&self, command: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
        // SAFETY: an open descriptor, and a `flock` that lives for the call, as both commands take.
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
        // Open-file-description locks demand a zero here.
        l_pid: 0,
    }
}

/// Makes the file under a name of its own and links it into place, so that nobody ever opens half a header.
fn create(path: &Path, bytes: u64) -> Result<(), OpenError> {
    let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}-{:?}", std::process::id(), std::thread::current().id()));
    let draft = PathBuf::from(draft);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&draft).map_err(unusable)?;
    let made = allocate(&file, path, layout::HEADER_BYTES as u64 + bytes)
        .and_then(|()| write_header(&file, bytes).map_err(unusable))
        .and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(why) if why.kind() != io::ErrorKind::AlreadyExists => Err(unusable(why)),
            _ => Ok(()),
        });
    std::fs::remove_file(&draft).map_err(unusable)?;
    made
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
    for sink in 0..3 {
        for word in 0..2 {
            // Batches are numbered from 2: label 1 means declined, and is at once at or below what is acknowledged.
            file.write_all_at(&1_u64.to_ne_bytes(), (layout::AT_SINKS + sink * 16 + word * 8) as u64)?;
        }
    }
    Ok(())
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
    let known = bytes.is_power_of_two() && (layout::LEAST_BYTES..=layout::MOST_BYTES).contains(&bytes);
    if known && length >= layout::HEADER_BYTES as u64 + bytes { Ok(bytes) } else { Err(damaged()) }
}

fn check_cursors(ring: &Ring, path: &Path) -> Result<(), OpenError> {
    // In this order, since each may move on, and none passes the next.
    let free = ring.free().load(Ordering::Acquire);
    let read = ring.read().load(Ordering::Acquire);
    let tail = ring.tail().load(Ordering::Acquire);
    let aligned = [free, read, tail].iter().all(|cursor| cursor.is_multiple_of(layout::ALIGN));
    if aligned && free <= read && read <= tail {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned() })
}
