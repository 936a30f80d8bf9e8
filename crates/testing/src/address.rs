//! Free addresses for programs that need a port as an argument and cannot bind port 0.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering};

/// Returns a free `host:port` on a loopback host that no other process uses.
///
/// On 127.0.0.1 another process could take the port before the program binds it. Even a client
/// that connects to the port could get it as its own port, and so connect to itself. The host
/// therefore has this process's id in its middle bytes and a counter in its last byte.
///
/// # Panics
/// Panics if no port can be bound.
pub fn free_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Ordering::Relaxed));
    let listener = TcpListener::bind((host, 0)).expect("a free port");
    listener.local_addr().expect("a bound address").to_string()
}
