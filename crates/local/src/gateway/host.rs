//! Which `Host` a client may call the gateway by. API Gateway answers 403 to a host that is none of its API's; here each name of this machine
//! will do, but it must be a name: functions build addresses of it.

use std::net::Ipv6Addr;

use http::{HeaderMap, header};

/// The host that was asked for; `own` where HTTP/1.0 names none. `None` is a host that no API can have.
pub(super) fn asked(headers: &HeaderMap, own: &str) -> Option<String> {
    let mut stated = headers.get_all(header::HOST).iter();
    let Some(first) = stated.next() else { return Some(own.to_owned()) };
    let host = first.to_str().ok().filter(|host| stated.next().is_none() && sound(host))?;
    Some(host.to_owned())
}

fn sound(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "0"),
    };
    port.parse::<u16>().is_ok() && (address(name) || domain(name))
}

fn address(name: &str) -> bool {
    let six = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    six.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()) || name.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Labels of letters, digits and hyphens. One that looks like an address is none, and `xn--` may hide what is no name.
fn domain(name: &str) -> bool {
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

    fn asked_for(host: &str) -> Option<String> {
        asked(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap())]), "own")
    }

    #[test]
    fn names_and_addresses_pass_as_they_are() {
        for host in
            ["127.0.0.1:3000", "localhost", "localhost:3000", "[::1]:3000", "[::1]", "api.crudder.example", "A-b.c1"]
        {
            assert_eq!(asked_for(host).as_deref(), Some(host));
        }
        assert_eq!(asked(&HeaderMap::new(), "own").as_deref(), Some("own"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in
            ["", "a b", "a/b", "1.2.3.999", "999", "[::1", "a:99999", "a:", "a..b", "xn--a", "user@a", "a?b", "é"]
        {
            assert_eq!(asked_for(host), None, "{host}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::HOST, HeaderValue::from_static("a"));
        twice.append(header::HOST, HeaderValue::from_static("b"));
        assert_eq!(asked(&twice, "own"), None);
    }
}
