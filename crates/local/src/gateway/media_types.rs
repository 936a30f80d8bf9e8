//! Binary bodies: API Gateway recognizes them by the template's `BinaryMediaTypes`.

use http::{HeaderMap, HeaderName, header};

/// Returns whether the body of a request has a listed type.
pub(super) fn is_binary_request(headers: &HeaderMap, listed: &[String]) -> bool {
    first(headers, &header::CONTENT_TYPE).is_some_and(|kind| matches(&kind, listed))
}

/// Returns whether the client accepts a listed type. Only the first type in `Accept` counts.
pub(super) fn accepts_binary(headers: &HeaderMap, listed: &[String]) -> bool {
    listed.iter().any(|kind| kind == "*/*")
        || first(headers, &header::ACCEPT).is_some_and(|kind| matches(&kind, listed))
}

fn first(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let kind = text.split([',', ';']).next()?.trim();
    Some(kind.to_ascii_lowercase()).filter(|kind| !kind.is_empty())
}

fn matches(kind: &str, listed: &[String]) -> bool {
    listed.iter().any(|entry| match entry.strip_suffix("/*") {
        Some("*") => true,
        Some(group) => kind.split('/').next() == Some(group),
        None => entry.eq_ignore_ascii_case(kind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_listed_type_matches_exactly_by_group_or_all() {
        let listed = |entry: &str| vec![entry.to_owned()];
        for (kind, entry, wanted) in [
            ("image/png", "image/png", true),
            ("Image/PNG; q=1", "image/*", true),
            ("text/plain", "image/*", false),
            ("text/plain", "*/*", true),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(is_binary_request(&headers, &listed(entry)), wanted, "{kind} by {entry}");
        }
        assert!(!is_binary_request(&HeaderMap::new(), &listed("*/*")));
        assert!(accepts_binary(&HeaderMap::new(), &listed("*/*")));
    }
}
