//! Which bodies count as binary: API Gateway decides by the template's list of media types.

use http::{HeaderMap, HeaderName, header};

/// Whether the request's body is of a listed type.
pub(super) fn sent(headers: &HeaderMap, listed: &[String]) -> bool {
    first(headers, &header::CONTENT_TYPE).is_some_and(|kind| covered(&kind, listed))
}

/// Whether the client takes a listed type: only the first one that it names counts.
pub(super) fn taken(headers: &HeaderMap, listed: &[String]) -> bool {
    listed.iter().any(|kind| kind == "*/*")
        || first(headers, &header::ACCEPT).is_some_and(|kind| covered(&kind, listed))
}

fn first(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let kind = text.split([',', ';']).next()?.trim();
    Some(kind.to_ascii_lowercase()).filter(|kind| !kind.is_empty())
}

fn covered(kind: &str, listed: &[String]) -> bool {
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
    fn types_are_matched_whole_by_group_or_all() {
        let listed = |entry: &str| vec![entry.to_owned()];
        for (kind, entry, wanted) in [
            ("image/png", "image/png", true),
            ("Image/PNG; q=1", "image/*", true),
            ("text/plain", "image/*", false),
            ("text/plain", "*/*", true),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(sent(&headers, &listed(entry)), wanted, "{kind} by {entry}");
        }
        assert!(!sent(&HeaderMap::new(), &listed("*/*")));
        assert!(taken(&HeaderMap::new(), &listed("*/*")));
    }
}
