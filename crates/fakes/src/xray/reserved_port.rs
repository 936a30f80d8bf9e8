//! A UDP port on 127.0.0.1 that stays reserved while no socket listens on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// Reserves a port with a socket that is connected to a port from which nothing is sent.
///
/// The kernel delivers no datagram to that socket, and reports the port as unreachable to senders.
#[derive(Debug)]
pub(super) struct ReservedPort {
    address: SocketAddr,
    _reservation: Socket,
}

fn udp_socket() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))
}

impl ReservedPort {
    pub(super) fn new() -> io::Result<Self> {
        let reservation = udp_socket()?;
        reservation.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = reservation.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        // Only after bind: the kernel may give two sockets that both allow reuse the same free
        // port.
        reservation.set_reuse_address(true)?;
        // Port 9 is "discard": nothing is sent from there.
        reservation.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, 9)).into())?;
        Ok(Self { address, _reservation: reservation })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a socket that receives the datagrams to this port.
    pub(super) fn listen(&self) -> io::Result<UdpSocket> {
        let socket = udp_socket()?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&self.address.into())?;
        UdpSocket::from_std(socket.into())
    }
}
