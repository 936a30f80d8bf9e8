//! Protects the console in a browser: security headers, and a check of the origin.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::assets;
use super::respond::error;

/// Accepts every request that only reads. Other requests must come from the console's own page or
/// from no page at all. The page shows data that strangers sent to the API, so its policy lets the
/// browser load and run only files of the console.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if reads || is_same_origin(request.headers()) {
        next.run(request).await
    } else {
        error(StatusCode::FORBIDDEN, "origin_foreign")
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, assets::policy());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Returns whether no page sent the request, or a page of the console. A browser adds `Origin` to
/// every request that does more than read.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), headers.get(header::HOST).map(HeaderValue::to_str)) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_and_clients_without_a_page_may_act() {
        let headers = |pairs: &[(header::HeaderName, &'static str)]| {
            HeaderMap::from_iter(pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))))
        };
        let host = (header::HOST, "127.0.0.1:3001");
        assert!(is_same_origin(&headers(std::slice::from_ref(&host))));
        assert!(is_same_origin(&headers(&[host.clone(), (header::ORIGIN, "http://127.0.0.1:3001")])));
        for foreign in ["http://127.0.0.1:3000", "https://evil.example", "null", ""] {
            assert!(!is_same_origin(&headers(&[host.clone(), (header::ORIGIN, foreign)])), "{foreign}");
        }
    }
}
