//! Decodes the path and the query of a request as API Gateway does.

use percent_encoding::percent_decode_str;

/// The path or the query has a malformed `%` escape or is not UTF-8. API Gateway responds with 400.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undecodable;

/// Returns the path without the stage. The API's own address has the stage in its paths, and a
/// custom domain does not: the gateway serves both.
pub(super) fn without_stage<'p>(path: &'p str, stage: &str) -> &'p str {
    match path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage)) {
        Some("") => "/",
        Some(inner) if inner.starts_with('/') => inner,
        _ => path,
    }
}

/// Returns the parts of a path. Each is decoded on its own, so that `%2F` stays inside its part.
/// One slash at the end is ignored. Any other empty part is kept, and matches no route.
pub(crate) fn parts(path: &str) -> Result<Vec<String>, Undecodable> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    inner.split('/').map(decode).collect()
}

/// Returns name and value of each parameter, in order. `+` is a space here, but not in a path. A
/// name without `=` has the empty value.
pub(crate) fn query(text: &str) -> Result<Vec<(String, String)>, Undecodable> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, Undecodable> {
    if !is_well_formed(text) {
        return Err(Undecodable);
    }
    percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| Undecodable)
}

/// Returns whether two hex digits follow every `%`. The decoder itself ignores a malformed escape.
fn is_well_formed(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    #[test]
    fn each_part_is_decoded_by_itself() {
        for (path, wanted) in [
            ("/", vec![]),
            ("/api/home", vec!["api", "home"]),
            ("/api/home/", vec!["api", "home"]),
            ("/a%2Fb/%40c", vec!["a/b", "@c"]),
            ("/a+b/%00", vec!["a+b", "\0"]),
            ("/a//b", vec!["a", "", "b"]),
            ("/%E2%82%AC", vec!["€"]),
        ] {
            assert_eq!(parts(path).unwrap(), wanted, "{path}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_decoded_is_rejected() {
        for path in ["/%", "/%4", "/%zz", "/%ff", "/a/%C3%28", "/%+1"] {
            assert_eq!(parts(path), Err(Undecodable), "{path}");
        }
    }

    #[test]
    fn a_query_keeps_the_order_and_repeated_names() {
        let pairs = query("b=1&a=%20x+y&b=2&c&&d==").unwrap();
        let wanted = [("b", "1"), ("a", " x y"), ("b", "2"), ("c", ""), ("d", "=")];
        assert_eq!(pairs, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(query("a=%f"), Err(Undecodable));
    }

    proptest! {
        #[test]
        fn any_text_round_trips_through_a_path(words in proptest::collection::vec(".+", 1..5)) {
            let path: String = words.iter().map(|word| format!("/{}", utf8_percent_encode(word, NON_ALPHANUMERIC))).collect();
            prop_assert_eq!(parts(&path).unwrap(), words);
        }

        #[test]
        fn any_text_round_trips_through_a_query(name in ".+", value in ".*") {
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pairs = query(&format!("{}={}", encoded(&name), encoded(&value))).unwrap();
            prop_assert_eq!(pairs, vec![(name, value)]);
        }

        #[test]
        fn no_path_or_query_panics(text in ".*") {
            let _ = parts(&text);
            let _ = query(&text);
        }
    }
}
