//! The doorbell: a Unix datagram socket beside the ring file, on which writers wake the reader.
//!
//! A wake-up is a hint. Nothing may depend on its delivery.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Returns the path of the doorbell of the ring at `ring`: the same path with the suffix `.bell`.
#[must_use]
pub fn doorbell_path(ring: &Path) -> PathBuf {
    let mut path = ring.as_os_str().to_owned();
    path.push(".bell");
    PathBuf::from(path)
}

/// The reader's end of the doorbell: a non-blocking socket.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("recorder");
/// use crudder_recorder::{DEFAULT_BYTES, Doorbell, Reader, Writer};
///
/// let mut reader = Reader::open(&path, DEFAULT_BYTES)?;
/// let socket = Doorbell::bind(&path)?.into_socket();
/// Writer::open(&path, DEFAULT_BYTES)?.wake_reader();
/// assert_eq!(socket.recv(&mut [0; 1])?, 1);
/// reader.clear_wake_up();
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Doorbell {
    socket: UnixDatagram,
}

impl Doorbell {
    /// Binds the doorbell of the ring at `ring`. It replaces a socket that a dead reader left.
    ///
    /// # Errors
    /// The error of the system if the socket cannot be bound, for example because its path has more
    /// than 107 bytes. A reader without a doorbell must poll.
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

    /// Returns the socket, for the reader's event loop. Each datagram is one wake-up; its content
    /// has no meaning.
    #[must_use]
    pub fn into_socket(self) -> UnixDatagram {
        self.socket
    }
}

/// The writer's end of the doorbell. Without a socket or without a reader, sending does nothing.
pub(crate) struct WakeUpSender {
    socket: Option<UnixDatagram>,
    path: PathBuf,
}

impl WakeUpSender {
    pub(crate) fn new(ring: &Path) -> Self {
        let socket = UnixDatagram::unbound().ok().filter(|socket| socket.set_nonblocking(true).is_ok());
        Self { socket, path: doorbell_path(ring) }
    }

    pub(crate) fn send(&self) {
        let Some(socket) = &self.socket else { return };
        // The socket is connected, so that the path is not looked up each time. If the reader is
        // gone, sending fails: a new reader may have bound the same path.
        match socket.send(b"!") {
            // A full receive buffer is not an error, nor is a missing reader.
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
    fn wake_ups_reach_the_reader_after_each_restart() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let sender = WakeUpSender::new(&ring);
        sender.send();
        for _restart in 0..3 {
            let doorbell = Doorbell::bind(&ring).unwrap().into_socket();
            sender.send();
            sender.send();
            let mut received = [0; 2];
            assert_eq!([doorbell.recv(&mut received).unwrap(), doorbell.recv(&mut received).unwrap()], [1, 1]);
        }
        sender.send();
    }

    #[test]
    fn a_full_doorbell_blocks_no_writer() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let _doorbell = Doorbell::bind(&ring).unwrap();
        let sender = WakeUpSender::new(&ring);
        (0..10_000).for_each(|_| sender.send());
    }
}
