//! The `http` member: request and response of an HTTP call.

use crudder_otlp::Span;

use crate::attributes::{int, text};
use crate::json::{bare, key, string};

/// Returns the HTTP status that the span sent or received.
pub(crate) fn status(span: &Span<'_>) -> Option<i64> {
    int(span, "http.response.status_code").filter(|status| (100..=599).contains(status))
}

pub(crate) fn write_http(out: &mut Vec<u8>, span: &Span<'_>) {
    let method = text(span, "http.request.method");
    let (status, length) = (status(span), int(span, "http.response.body.size"));
    if method.is_none() && status.is_none() {
        return;
    }
    key(out, "http");
    out.push(b'{');
    if let Some(method) = method {
        write_request(out, span, method);
    }
    if status.is_some() || length.is_some() {
        key(out, "response");
        out.push(b'{');
        status.into_iter().for_each(|status| bare(out, "status", status));
        length.into_iter().for_each(|length| bare(out, "content_length", length));
        out.push(b'}');
    }
    out.push(b'}');
}

fn write_request(out: &mut Vec<u8>, span: &Span<'_>, method: &str) {
    key(out, "request");
    out.push(b'{');
    string(out, "method", method);
    if let Some(url) = url(span) {
        string(out, "url", &url);
    }
    for (attribute, name) in [("user_agent.original", "user_agent"), ("client.address", "client_ip")] {
        if let Some(value) = text(span, attribute) {
            string(out, name, value);
        }
    }
    out.push(b'}');
}

/// Returns the full URL, as far as its parts are known.
fn url(span: &Span<'_>) -> Option<String> {
    if let Some(full) = text(span, "url.full") {
        return Some(full.to_owned());
    }
    let path = text(span, "url.path")?;
    let mut url = match (text(span, "url.scheme"), text(span, "server.address")) {
        (Some(scheme), Some(host)) => format!("{scheme}://{host}{path}"),
        _ => path.to_owned(),
    };
    if let Some(query) = text(span, "url.query") {
        url.push('?');
        url.push_str(query);
    }
    Some(url)
}
