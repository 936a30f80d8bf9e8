//! Where programs listen that must be told a port and can't choose one.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering};

/// An address that is free, on a loopback host that nobody else uses: on the common one another process may take the port in
/// between, even a client that tries to connect to it and so meets itself.
pub(crate) fn free_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Ordering::Relaxed));
    let listener = TcpListener::bind((host, 0)).expect("a free port");
    listener.local_addr().expect("bound").to_string()
}
