//! The X-Ray daemon's UDP port: sent to without waiting, never answered.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where documents go.
#[derive(Debug)]
pub struct Daemon {
    socket: UdpSocket,
    address: SocketAddr,
    sent: AtomicU64,
    lost: AtomicU64,
}

impl Daemon {
    /// A socket for a daemon at `address`, which nobody has asked whether it is there.
    ///
    /// # Errors
    /// The system has no socket to give.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address, sent: AtomicU64::new(0), lost: AtomicU64::new(0) })
    }

    /// Sends one datagram, or counts it as lost: a full buffer (`EAGAIN`), an absent daemon (`ECONNREFUSED`).
    pub fn send(&self, datagram: &[u8]) -> bool {
        // The socket is not connected: an earlier refusal is then nobody's error here, and the address is always the one given.
        let whole = matches!(self.socket.send_to(datagram, self.address), Ok(sent) if sent == datagram.len());
        let counter = if whole { &self.sent } else { &self.lost };
        counter.fetch_add(1, Ordering::Relaxed);
        whole
    }

    /// Datagrams that the system took.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Datagrams that it did not take.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_is_not_there_hurts_nobody() {
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let daemon = Daemon::at(gone).unwrap();
        let _taken = [(); 3].map(|()| daemon.send(b"anybody?"));
        assert_eq!(daemon.sent() + daemon.lost(), 3);
    }

    #[test]
    fn a_datagram_that_no_system_takes_is_counted() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let daemon = Daemon::at(here.local_addr().unwrap()).unwrap();
        assert!(!daemon.send(&[0; 70_000]));
        assert!(daemon.send(&[0; crate::MAX_DATAGRAM_BYTES]), "ours are never so large");
        assert_eq!((daemon.sent(), daemon.lost()), (1, 1));
    }
}
