//! The `Link` header with the address of a list's next page (RFC 8288).

use lambda_http::aws_lambda_events::query_map::QueryMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::request_parts::RequestParts;

/// The characters that one segment of a path or query may hold unencoded: RFC 3986's unreserved
/// characters, and the `@` before a handle.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// Returns a link such as `</dev/api/activities/home?limit=20&before=…>; rel="next"`.
///
/// The path is the route with its parameters filled in, after the prefix of the client's address: a
/// stage, or the base path of a custom domain. The query is the request's own, except for `before`.
pub(crate) fn next(request: &RequestParts, path: &QueryMap, query: &QueryMap, before: &str) -> String {
    let (public, route) = (segments(request.public_path()), segments(request.route_or_path()));
    let prefix = &public[..public.len().saturating_sub(route.len())];
    let mut link = String::from("<");
    for segment in prefix.iter().chain(&route).copied() {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        link.push('/');
        push(&mut link, name.and_then(|name| path.first(name)).unwrap_or(segment));
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

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// Appends a segment, percent-encoded once. It is decoded first, because the gateway may or may not
/// have decoded it.
fn push(link: &mut String, segment: &str) {
    let decoded = percent_decode_str(segment).decode_utf8_lossy();
    link.extend(utf8_percent_encode(&decoded, PLAIN));
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::RequestExt as _;
    use serde_json::json;

    #[test]
    fn the_link_keeps_the_stage_of_an_http_api() {
        let event = json!({
            "version": "2.0", "routeKey": "GET /api/activities/{id}", "rawPath": "/dev/api/activities/%40londo",
            "rawQueryString": "limit=1", "headers": {}, "isBase64Encoded": false,
            "requestContext": {
                "stage": "dev", "timeEpoch": 1,
                "http": {"method": "GET", "path": "/dev/api/activities/%40londo"},
            },
        });
        let event = lambda_http::request::from_str(&event.to_string()).unwrap();
        let event = event.with_lambda_context(lambda_http::Context::default());
        let path = [("id".to_owned(), vec!["@londo".to_owned()])];
        let path = QueryMap::from(std::collections::HashMap::from(path));
        let link = next(&RequestParts::of(&event), &path, &QueryMap::default(), "x");
        assert_eq!(link, "</dev/api/activities/@londo?before=x>; rel=\"next\"");
    }
}
