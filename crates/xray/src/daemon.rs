//! A UDP socket to the X-Ray daemon. Sending never blocks, and the daemon never answers.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};

/// A non-blocking UDP socket that sends documents to the daemon and counts the losses.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use crudder_xray::Daemon;
///
/// let receiver = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// let daemon = Daemon::at(receiver.local_addr()?)?;
/// assert!(daemon.send(b"{\"format\":\"json\",\"version\":1}\n{}"));
/// assert_eq!((daemon.sent(), daemon.lost()), (1, 0));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Daemon {
    socket: UdpSocket,
    address: SocketAddr,
    sent: AtomicU64,
    lost: AtomicU64,
}

impl Daemon {
    /// Opens a socket for the daemon at `address`. This does not check whether a daemon listens
    /// there.
    ///
    /// # Errors
    /// The error of the system if it cannot open a socket.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address, sent: AtomicU64::new(0), lost: AtomicU64::new(0) })
    }

    /// Sends one datagram. Returns `false`, and counts a loss, if the system does not take it:
    /// because its buffer is full (`EAGAIN`) or the datagram is too large. A datagram that the
    /// system took may still not arrive.
    pub fn send(&self, datagram: &[u8]) -> bool {
        // The socket is not connected, so that a refusal of an earlier datagram is not reported
        // here.
        let is_sent = matches!(self.socket.send_to(datagram, self.address), Ok(sent) if sent == datagram.len());
        let counter = if is_sent { &self.sent } else { &self.lost };
        counter.fetch_add(1, Ordering::Relaxed);
        is_sent
    }

    /// Returns how many datagrams the system took.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Returns how many datagrams the system did not take.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sending_to_an_absent_daemon_is_harmless() {
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let daemon = Daemon::at(gone).unwrap();
        let _taken = [(); 3].map(|()| daemon.send(b"is a daemon there?"));
        assert_eq!(daemon.sent() + daemon.lost(), 3);
    }

    #[test]
    fn a_datagram_that_is_too_large_for_udp_is_counted_as_lost() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let daemon = Daemon::at(here.local_addr().unwrap()).unwrap();
        assert!(!daemon.send(&[0; 70_000]));
        assert!(daemon.send(&[0; crate::MAX_DATAGRAM_BYTES]), "this crate writes no larger datagram");
        assert_eq!((daemon.sent(), daemon.lost()), (1, 1));
    }
}
