//! What every answer of the console bears for the browser's sake, and whose requests are taken at all.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::{assets, refusal};

/// Takes what reads; of what acts, only what no page or the console's own page sends. The page shows what strangers have sent to the API, so a browser
/// may run and load nothing but what comes from here.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if reads || is_ours(request.headers()) {
        next.run(request).await
    } else {
        refusal(StatusCode::FORBIDDEN, "origin_foreign")
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, assets::policy());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Whether no page sent it, or one that was loaded from here: a browser names its page's origin with whatever is no plain reading.
fn is_ours(headers: &HeaderMap) -> bool {
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
    fn only_the_page_itself_and_what_is_no_page_may_act() {
        let headers = |pairs: &[(header::HeaderName, &'static str)]| {
            HeaderMap::from_iter(pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))))
        };
        let host = (header::HOST, "127.0.0.1:3001");
        assert!(is_ours(&headers(std::slice::from_ref(&host))));
        assert!(is_ours(&headers(&[host.clone(), (header::ORIGIN, "http://127.0.0.1:3001")])));
        for foreign in ["http://127.0.0.1:3000", "https://evil.example", "null", ""] {
            assert!(!is_ours(&headers(&[host.clone(), (header::ORIGIN, foreign)])), "{foreign}");
        }
    }
}
