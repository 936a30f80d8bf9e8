//! The headers of an event.

use std::collections::BTreeMap;

use http::{HeaderName, header};

use super::input::EventInput;

/// Hop-by-hop headers, which API Gateway does not pass on.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers that the gateway sets itself, in place of the client's.
const OWN: [&str; 5] = ["host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"];

/// Returns all headers of the event. API Gateway capitalizes its own headers, and keeps the
/// client's spelling of others; this server's HTTP library turns those into lowercase.
pub(super) fn of_event(input: &EventInput<'_>) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in input.headers {
        if !HOP_BY_HOP.contains(name) && !OWN.contains(&name.as_str()) {
            all.entry(name.as_str().to_owned()).or_default().push(text(value.as_bytes()));
        }
    }
    // Each proxy appends the address of its client. So an address that a client forged comes first,
    // and the last one is true.
    let forwarded = input.headers.get_all("x-forwarded-for").iter().map(|value| text(value.as_bytes()));
    let forwarded: Vec<String> = forwarded.chain([input.source.to_string()]).collect();
    for (name, value) in [
        ("Host", input.host.to_owned()),
        ("X-Amzn-Trace-Id", input.trace.to_owned()),
        ("X-Forwarded-For", forwarded.join(", ")),
        ("X-Forwarded-Port", input.port.to_string()),
        ("X-Forwarded-Proto", "http".to_owned()),
    ] {
        all.insert(name.to_owned(), vec![value]);
    }
    all
}

/// Returns the value of a header as text. If it is not UTF-8, each byte is one Latin-1 character,
/// as HTTP/1.1 first defined it.
pub(super) fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}
