//! The address of a list's next page, as `Link` carries it (RFC 8288).

use lambda_http::aws_lambda_events::query_map::QueryMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::seen::Seen;

/// What may stand unencoded in one part of a path or query: RFC 3986's unreserved characters, and the `@` before a handle.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// `</dev/api/activities/home?limit=20&before=…>; rel="next"`: the route with its parameters filled in, under whatever stood before
/// it in the client's address (a stage, a custom domain's base path), with the same query but for `before`.
pub(crate) fn next(seen: &Seen, path: &QueryMap, query: &QueryMap, before: &str) -> String {
    let prefix = seen.public_path().strip_suffix(seen.path.as_str()).unwrap_or_default();
    let mut link = String::from("<");
    for part in prefix.split('/').chain(seen.route_or_path().split('/')).filter(|part| !part.is_empty()) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        link.push('/');
        push(&mut link, name.and_then(|name| path.first(name)).unwrap_or(part));
    }
    let mut separator = '?';
    for (name, value) in query.iter().filter(|(name, _)| *name != "before").chain([("before", before)]) {
        link.push(separator);
        link.extend(utf8_percent_encode(name, PLAIN));
        link.push('=');
        link.extend(utf8_percent_encode(value, PLAIN));
        separator = '&';
    }
    link.push_str(">; rel=\"next\"");
    link
}

/// One part of the path. Whether the gateway decoded it is its own affair: it is decoded here, so that it is encoded once.
fn push(link: &mut String, part: &str) {
    let decoded = percent_decode_str(part).decode_utf8_lossy();
    link.extend(utf8_percent_encode(&decoded, PLAIN));
}
