//! Reads spans from rotel's detailed debug log.

use std::collections::BTreeMap;

use crudder_fakes::Span;

/// A span with its values as rotel prints them: `SPAN_KIND_SERVER`, `Int(200)`.
#[derive(Debug, Default, Clone)]
pub(crate) struct LoggedSpan {
    pub(crate) trace_id: String,
    /// Empty for a root.
    pub(crate) parent_id: String,
    pub(crate) span_id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) events: Vec<String>,
    pub(crate) resource: BTreeMap<String, String>,
}

/// Returns all spans of the log in their order.
pub(crate) fn spans(lines: &[String]) -> Vec<LoggedSpan> {
    let mut spans = Vec::new();
    let mut resource = BTreeMap::new();
    for line in lines {
        if line.starts_with("ResourceSpans #") {
            resource = BTreeMap::new();
            spans.push(None);
        } else if line.starts_with("Span #") {
            spans.push(Some(LoggedSpan { resource: resource.clone(), ..LoggedSpan::default() }));
        } else if let Some(Some(span)) = spans.last_mut() {
            span.read(line);
        } else if let Some((name, value)) = pair(line) {
            resource.insert(name, value);
        }
    }
    spans.into_iter().flatten().collect()
}

impl LoggedSpan {
    /// Whether the span that the fake of Honeycomb stored is the same.
    pub(crate) fn equals(&self, span: &Span) -> bool {
        let parent = span.parent_span_id.as_deref().unwrap_or_default();
        (&self.span_id, self.parent_id.as_str(), &self.name) == (&span.span_id, parent, &span.name)
            && (self.start_ns, self.end_ns) == (span.start_ns, span.end_ns)
            && self.kind.to_lowercase() == format!("span_kind_{}", span.kind)
            && (self.status == "STATUS_CODE_ERROR") == span.is_error()
            && self.attributes.len() == span.attributes.len()
    }

    /// Reads one line of the span.
    fn read(&mut self, line: &str) {
        if let Some((name, value)) = pair(line) {
            match name.as_str() {
                // The lines of an event look like attributes, but rotel prints an attribute with
                // its type.
                "Name" => self.events.push(value),
                "Timestamp" | "DroppedAttributesCount" | "Attributes" => (),
                _ => drop(self.attributes.insert(name, value)),
            }
            return;
        }
        let Some((label, value)) = line.split_once(':') else { return };
        let field = match label.trim() {
            "Trace ID" => &mut self.trace_id,
            "Parent ID" => &mut self.parent_id,
            "ID" => &mut self.span_id,
            "Name" => &mut self.name,
            "Kind" => &mut self.kind,
            "Status code" => &mut self.status,
            "Start time" => return self.start_ns = value.trim().parse().expect("nanoseconds"),
            "End time" => return self.end_ns = value.trim().parse().expect("nanoseconds"),
            _ => return,
        };
        // The first value counts: a later line of a text with several lines may look like a field.
        if field.is_empty() {
            value.trim().clone_into(field);
        }
    }
}

/// Parses `     -> name: value` with exactly five spaces. Deeper lines belong to an event.
fn pair(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("     -> ")?.split_once(':')?;
    Some((name.to_owned(), value.trim().to_owned()))
}
