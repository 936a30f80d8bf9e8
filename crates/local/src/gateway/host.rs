//! The `Host` of a request.
//!
//! API Gateway responds with 403 to a host that is not the API's. Here every name of this machine
//! is accepted. It must be a valid name, because functions build addresses with it.

use std::net::Ipv6Addr;

use http::{HeaderMap, header};

/// Returns the host of a request, or `own` if the request has none, as in HTTP/1.0. Returns `None`
/// if the host is not valid.
pub(super) fn of_request(headers: &HeaderMap, own: &str) -> Option<String> {
    let mut values = headers.get_all(header::HOST).iter();
    let Some(first) = values.next() else { return Some(own.to_owned()) };
    let host = first.to_str().ok().filter(|host| values.next().is_none() && is_host(host))?;
    Some(host.to_owned())
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "0"),
    };
    port.parse::<u16>().is_ok() && (is_address(name) || is_domain(name))
}

fn is_address(name: &str) -> bool {
    let six = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    six.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()) || name.parse::<std::net::Ipv4Addr>().is_ok()
}

/// A domain has labels of letters, digits and hyphens. The last label starts with a letter, which
/// excludes malformed addresses. `xn--` is excluded, because the encoded name may be invalid.
fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.to_ascii_lowercase().starts_with("xn--")
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && last.starts_with(|first: char| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn host_of(host: &str) -> Option<String> {
        of_request(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap())]), "own")
    }

    #[test]
    fn names_and_addresses_are_accepted_unchanged() {
        for host in
            ["127.0.0.1:3000", "localhost", "localhost:3000", "[::1]:3000", "[::1]", "api.crudder.example", "A-b.c1"]
        {
            assert_eq!(host_of(host).as_deref(), Some(host));
        }
        assert_eq!(of_request(&HeaderMap::new(), "own").as_deref(), Some("own"));
    }

    #[test]
    fn an_invalid_host_is_rejected() {
        for host in
            ["", "a b", "a/b", "1.2.3.999", "999", "[::1", "a:99999", "a:", "a..b", "xn--a", "user@a", "a?b", "é"]
        {
            assert_eq!(host_of(host), None, "{host}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::HOST, HeaderValue::from_static("a"));
        twice.append(header::HOST, HeaderValue::from_static("b"));
        assert_eq!(of_request(&twice, "own"), None);
    }
}
