//! The doorbell: a Unix socket beside the ring's file, for hints. Whoever relies on one being delivered has misread this crate.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Where the doorbell of the ring at `ring` is.
pub fn bell_path(ring: &Path) -> PathBuf {
    let mut path = ring.as_os_str().to_owned();
    path.push(".bell");
    PathBuf::from(path)
}

/// The reader's end: a non-blocking socket. Wrap its descriptor into whatever the reader waits with.
pub struct Bell {
    socket: UnixDatagram,
}

impl Bell {
    /// Binds the doorbell of the ring at `ring`, in place of one that a dead reader left.
    ///
    /// # Errors
    /// When the socket can't be bound, as with a path of more than 107 bytes. The reader then works by its own timers.
    pub fn bind(ring: &Path) -> io::Result<Self> {
        let path = bell_path(ring);
        match std::fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => (),
        }
        let socket = UnixDatagram::bind(path)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// The socket itself. Each datagram is one ring; its byte means nothing.
    pub fn into_socket(self) -> UnixDatagram {
        self.socket
    }
}

/// The writers' end. Without a socket, or with nobody listening, ringing does nothing.
pub(crate) struct Ringer {
    socket: Option<UnixDatagram>,
    path: PathBuf,
}

impl Ringer {
    pub(crate) fn to(ring: &Path) -> Self {
        let socket = UnixDatagram::unbound().ok().filter(|socket| socket.set_nonblocking(true).is_ok());
        Self { socket, path: bell_path(ring) }
    }

    pub(crate) fn ring(&self) {
        if let Some(socket) = &self.socket {
            // A hint: a full or missing bell is no error.
            let _ = socket.send_to(b"!", &self.path);
        }
    }
}
