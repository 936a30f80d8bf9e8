//! The address of a list's next page, as `Link` carries it (RFC 8288).

use lambda_http::aws_lambda_events::query_map::QueryMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::seen::Seen;

/// What may stand unencoded in one part of a path or query: RFC 3986's unreserved characters, and the `@` before a handle.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// `</dev/api/activities/home?limit=20&before=…>; rel="next"`: the route with its parameters filled in, under whatever stood before
/// it in the client's address (a stage, a custom domain's base path), with the same query but for `before`.
pub(crate) fn next(seen: &Seen, path: &QueryMap, query: &QueryMap, before: &str) -> String {
    let (public, route) = (parts(seen.public_path()), parts(seen.route_or_path()));
    let prefix = &public[..public.len().saturating_sub(route.len())];
    let mut link = String::from("<");
    for part in prefix.iter().chain(&route).copied() {
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

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// One part of the path. Whether the gateway decoded it is its own affair: it is decoded here, so that it is encoded once.
fn push(link: &mut String, part: &str) {
    let decoded = percent_decode_str(part).decode_utf8_lossy();
    link.extend(utf8_percent_encode(&decoded, PLAIN));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;
    use lambda_http::RequestExt as _;
    use serde_json::json;

    #[test]
    fn the_stage_of_an_http_api_is_kept_too() {
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
        let link = next(&Request::new(event, false).seen(), &path, &QueryMap::default(), "x");
        assert_eq!(link, "</dev/api/activities/@londo?before=x>; rel=\"next\"");
    }
}
