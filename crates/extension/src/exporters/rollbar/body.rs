//! The bodies of items: a report with its backtrace, and a death with the spans that were open.

use crudder_otlp::Attribute;
use crudder_recorder::DeathCause;
use crudder_text::scrub;
use serde_json::{Value as Json, json};

use super::fields::{cut, text, texts};
use super::frames;
use super::limits::MAX_TITLE;
use crate::invocations::describe;

/// A body, and what the rest of its item takes from the event.
pub(super) struct Body {
    pub(super) level: &'static str,
    pub(super) class: String,
    pub(super) title: String,
    pub(super) json: Json,
}

/// A report: an error, a panic, or a line that the program marked as a report.
pub(super) struct Report<'a> {
    /// The name of the span event.
    pub(super) name: &'a str,
    pub(super) attributes: &'a [Attribute<'a>],
    /// Distinguishes the reports of one request.
    pub(super) ordinal: u64,
}

impl Report<'_> {
    pub(super) fn body(&self) -> Body {
        let attributes = self.attributes;
        let class = text(attributes, "exception.type");
        let message = text(attributes, "exception.message").or_else(|| text(attributes, "message"));
        let message = scrub(message.unwrap_or(self.name)).into_owned();
        let json = match class {
            Some(class) => json!({ "trace_chain": trace_chain(attributes, class, &message) }),
            None => json!({ "message": { "body": message } }),
        };
        let title = match class {
            Some(class) => format!("{class}: {}", message.lines().next().unwrap_or("")),
            None => message,
        };
        Body { level: level(attributes, class), class: class.unwrap_or(self.name).to_owned(), title, json }
    }
}

/// Returns the exception and its causes, outermost first.
fn trace_chain(attributes: &[Attribute<'_>], class: &str, message: &str) -> Vec<Json> {
    let stack = text(attributes, "exception.stacktrace").unwrap_or_default();
    let location = text(attributes, "exception.location");
    let exception = json!({ "class": cut(class, MAX_TITLE), "message": message });
    let mut chain = vec![json!({ "exception": exception, "frames": frames::from_backtrace(stack, location) })];
    for cause in texts(attributes, "exception.causes") {
        chain.push(json!({ "exception": { "class": "cause", "message": scrub(cause) }, "frames": [] }));
    }
    chain
}

fn level(attributes: &[Attribute<'_>], class: Option<&str>) -> &'static str {
    if class == Some("panic") {
        return "critical";
    }
    match text(attributes, "level").unwrap_or_default().to_ascii_lowercase().as_str() {
        "warn" | "warning" => "warning",
        "info" => "info",
        "debug" | "trace" => "debug",
        "critical" | "fatal" => "critical",
        _ => "error",
    }
}

/// A death. Its frames are the spans that were open, the failed span last.
pub(super) struct Death<'a> {
    pub(super) cause: DeathCause,
    pub(super) detail: &'a str,
    /// The names of the spans that were open, outermost first.
    pub(super) open: &'a [String],
}

impl Death<'_> {
    pub(super) fn body(&self) -> Body {
        let description = describe(self.cause);
        let title = match (self.open.last(), self.detail) {
            (Some(failed_span), _) => format!("{description} in {failed_span}"),
            (None, "") => description.to_owned(),
            (None, detail) => format!("{description} ({detail})"),
        };
        let class = self.cause.as_str();
        let frames: Vec<Json> = self.open.iter().map(|span| json!({ "filename": "spans", "method": span })).collect();
        let exception = json!({ "class": class, "message": title, "description": self.detail });
        let json = json!({ "trace": { "exception": exception, "frames": frames } });
        Body { level: "critical", class: class.to_owned(), title, json }
    }
}
