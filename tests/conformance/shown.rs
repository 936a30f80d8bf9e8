//! What rotel shows of a span: its detailed debug log, read back.

use std::collections::BTreeMap;

use crudder_fakes::Span;

/// A span in rotel's own words: `SPAN_KIND_SERVER`, `Int(200)`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shown {
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

/// All spans in the log, in its order.
pub(crate) fn spans(lines: &[String]) -> Vec<Shown> {
    let mut spans = Vec::new();
    let mut resource = BTreeMap::new();
    for line in lines {
        if line.starts_with("ResourceSpans #") {
            resource = BTreeMap::new();
            spans.push(None);
        } else if line.starts_with("Span #") {
            spans.push(Some(Shown { resource: resource.clone(), ..Shown::default() }));
        } else if let Some(Some(span)) = spans.last_mut() {
            span.read(line);
        } else if let Some((name, value)) = pair(line) {
            resource.insert(name, value);
        }
    }
    spans.into_iter().flatten().collect()
}

impl Shown {
    /// Whether our own reader of OTLP saw the same.
    pub(crate) fn is(&self, span: &Span) -> bool {
        let parent = span.parent_span_id.as_deref().unwrap_or_default();
        (&self.span_id, self.parent_id.as_str(), &self.name) == (&span.span_id, parent, &span.name)
            && (self.start_ns, self.end_ns) == (span.start_ns, span.end_ns)
            && self.kind.to_lowercase() == format!("span_kind_{}", span.kind)
            && (self.status == "STATUS_CODE_ERROR") == span.is_error()
            && self.attributes.len() == span.attributes.len()
    }

    fn read(&mut self, line: &str) {
        if let Some((name, value)) = pair(line) {
            match name.as_str() {
                // An event's own lines look like attributes, which rotel wraps in their type.
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
        // The first word stands: a later line of a text of several lines may look like any.
        if field.is_empty() {
            value.trim().clone_into(field);
        }
    }
}

/// `     -> name: value`, five spaces deep: what is deeper belongs to an event.
fn pair(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("     -> ")?.split_once(':')?;
    Some((name.to_owned(), value.trim().to_owned()))
}
