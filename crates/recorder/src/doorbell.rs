//! The doorbell: a Unix socket beside the ring's file, for hints. Whoever relies on one being delivered has misread this crate.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Where the doorbell of the ring at `ring` is.
pub fn doorbell_path(ring: &Path) -> PathBuf {
    let mut path = ring.as_os_str().to_owned();
    path.push(".bell");
    PathBuf::from(path)
}

/// The reader's end: a non-blocking socket. Wrap its descriptor into whatever the reader waits with.
pub struct Doorbell {
    socket: UnixDatagram,
}

impl Doorbell {
    /// Binds the doorbell of the ring at `ring`, in place of one that a dead reader left.
    ///
    /// # Errors
    /// When the socket can't be bound, as with a path of more than 107 bytes. The reader then works by its own timers.
    pub fn bind(ring: &Path) -> io::Result<Self> {
        let path = doorbell_path(ring);
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
        Self { socket, path: doorbell_path(ring) }
    }

    pub(crate) fn ring(&self) {
        let Some(socket) = &self.socket else { return };
        // Connected to the bell, so that the path is not looked up each time. A bell that nobody holds any more refuses: there may be a
        // new one at the same path.
        match socket.send(b"!") {
            // A hint: a full bell is no error, nor is a missing one.
            Err(why) if why.kind() != io::ErrorKind::WouldBlock => {
                let _ = socket.connect(&self.path).and_then(|()| socket.send(b"!"));
            }
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_of_a_readers_next_life_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let ringer = Ringer::to(&ring);
        ringer.ring();
        for _life in 0..3 {
            let bell = Doorbell::bind(&ring).unwrap().into_socket();
            ringer.ring();
            ringer.ring();
            let mut heard = [0; 2];
            assert_eq!([bell.recv(&mut heard).unwrap(), bell.recv(&mut heard).unwrap()], [1, 1]);
        }
        ringer.ring();
    }

    #[test]
    fn a_full_bell_keeps_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let _bell = Doorbell::bind(&ring).unwrap();
        let ringer = Ringer::to(&ring);
        (0..10_000).for_each(|_| ringer.ring());
    }
}
