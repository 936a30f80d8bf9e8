//! The address of the X-Ray daemon, as `AWS_XRAY_DAEMON_ADDRESS` has it.

use std::net::{SocketAddr, ToSocketAddrs};

/// Parses the value of `AWS_XRAY_DAEMON_ADDRESS` into the daemon's UDP address.
///
/// Both documented forms are accepted: `host:port` and `tcp:host:port udp:host:port`, in either
/// order. A host name is resolved, which may block. Returns `None` if the text has another form or
/// the name cannot be resolved.
///
/// ```
/// use crudder_xray::daemon_address;
///
/// assert_eq!(daemon_address("127.0.0.1:2000"), Some(([127, 0, 0, 1], 2000).into()));
/// assert_eq!(daemon_address("tcp:127.0.0.1:2000 udp:127.0.0.2:2001"), Some(([127, 0, 0, 2], 2001).into()));
/// ```
#[must_use]
pub fn daemon_address(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let udp = match text.split_whitespace().find_map(|part| part.strip_prefix("udp:")) {
        Some(udp) => udp,
        None if text.starts_with("tcp:") => return None,
        None => text,
    };
    udp.parse().ok().or_else(|| udp.to_socket_addrs().ok()?.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_parsed_in_either_order() {
        let expected = Some(([127, 0, 0, 2], 2001).into());
        for text in [
            "127.0.0.2:2001",
            " 127.0.0.2:2001 ",
            "tcp:127.0.0.1:2000 udp:127.0.0.2:2001",
            "udp:127.0.0.2:2001 tcp:127.0.0.1:2000",
            "udp:127.0.0.2:2001",
        ] {
            assert_eq!(daemon_address(text), expected, "{text}");
        }
        assert_eq!(daemon_address("[::1]:2000"), Some(([0, 0, 0, 0, 0, 0, 0, 1], 2000).into()));
    }

    #[test]
    fn text_without_a_udp_address_is_refused() {
        for text in ["", "nowhere", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "tcp:127.0.0.1:2000", "udp:"] {
            assert_eq!(daemon_address(text), None, "{text}");
        }
    }
}
