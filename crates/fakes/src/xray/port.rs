//! A UDP port on 127.0.0.1 that keeps its number while nobody listens.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// Holds the number: a socket that is connected to where nothing comes from, so the kernel hands it no datagram, and answers a sender that the port
/// is unreachable.
#[derive(Debug)]
pub(super) struct Port {
    address: SocketAddr,
    _hold: Socket,
}

fn socket() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))
}

impl Port {
    pub(super) fn new() -> io::Result<Self> {
        let hold = socket()?;
        hold.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = hold.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        // Only now: two sockets that both allow reuse while they look for a free port may be given the same one.
        hold.set_reuse_address(true)?;
        // Port 9 is "discard": nothing is sent from there.
        hold.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, 9)).into())?;
        Ok(Self { address, _hold: hold })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A socket that receives what comes to this port.
    pub(super) fn listen(&self) -> io::Result<UdpSocket> {
        let socket = socket()?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&self.address.into())?;
        UdpSocket::from_std(socket.into())
    }
}
