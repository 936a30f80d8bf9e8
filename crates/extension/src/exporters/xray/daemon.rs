//! Datagrams to the X-Ray daemon beside the function.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

/// How long the refusal of a closed port may take. It comes from this machine's own network stack.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(20);

/// Sends datagrams to the daemon at `address`.
///
/// # Errors
/// If no daemon listens there.
pub(super) async fn send(address: SocketAddr, datagrams: &[&[u8]]) -> io::Result<()> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // A connected socket reports the refusal of a closed port as an error.
    socket.connect(address).await?;
    for datagram in datagrams {
        socket.send(datagram).await?;
    }
    // The daemon never responds, so only a refusal can be received.
    match tokio::time::timeout(REFUSAL_TIMEOUT, socket.recv(&mut [0; 1])).await {
        Ok(Err(refused)) => Err(refused),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}
