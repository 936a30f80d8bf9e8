//! Fetches a trace from the console of a `crudder local`.

use serde_json::Value;

use super::lines;
use super::model::{Link, Report, Span, Status, Trace, merge_and_order};
use super::segments::{self, plain};
use crate::http::{HttpClient, HttpError};
use crate::trace_id::TraceId;

/// The span attributes to show, each with its name in X-Ray's annotations.
///
/// Honeycomb and the console show all others.
const SHOWN_ATTRIBUTES: [(&str, &str); 11] = [
    ("http.response.status_code", "status"),
    ("faas.coldstart", "cold_start"),
    ("http.route", "route"),
    ("handle", "handle"),
    ("result_length", "result_length"),
    ("db.operation.name", "operation"),
    ("db.collection.name", "table"),
    ("faas.invocation_id", "request_id"),
    ("exception.type", "exception"),
    ("exception.message", "message"),
    ("crudder.death", "death"),
];

/// Fetches a trace; `None` if the console does not know it.
pub(crate) async fn fetch(http: &HttpClient, console: &str, id: &TraceId) -> Result<Option<Trace>, HttpError> {
    let json = http.get_json(&format!("{console}/api/traces/{id}")).await?;
    Ok(json.map(|json| trace_of(id.clone(), console, &json)))
}

fn trace_of(id: TraceId, console: &str, json: &Value) -> Trace {
    let list = |name: &str| json[name].as_array().cloned().unwrap_or_default();
    let mut spans: Vec<Span> = list("segments").iter().flat_map(segments::spans).collect();
    let has_segments = !spans.is_empty();
    spans.extend(list("spans").iter().filter_map(span));
    let mut trace = Trace::new(id);
    trace.spans = merge_and_order(spans);
    trace.lines = list("lines").iter().filter_map(lines::from_console).collect();
    trace.lines.sort_by_key(|line| line.time_ns);
    trace.reports = list("reports").iter().filter_map(report).collect();
    trace.links = vec![Link { name: "Console", url: format!("{console}/#/trace/{}", trace.trace_id) }];
    if !has_segments {
        trace.notes.push(
            "X-Ray has nothing of this trace: it was not sampled, or its function died and the extension has not \
             exported it yet"
                .to_owned(),
        );
    }
    trace
}

fn span(span: &Value) -> Option<Span> {
    let attributes = &span["attributes"];
    let details =
        SHOWN_ATTRIBUTES.iter().filter_map(|(name, shown)| Some(((*shown).to_owned(), plain(&attributes[*name])?)));
    let is_error = span["status"]["code"] == 2;
    Some(Span {
        id: span["span_id"].as_str()?.to_owned(),
        parent: span["parent_span_id"].as_str().map(str::to_owned),
        depth: 0,
        name: span["name"].as_str()?.to_owned(),
        start_ns: span["start_ns"].as_u64()?,
        end_ns: span["end_ns"].as_u64(),
        status: if is_error { Status::Fault } else { Status::Ok },
        culprit: attributes["crudder.culprit"] == true,
        details: details.collect(),
    })
}

fn report(report: &Value) -> Option<Report> {
    let text = |name: &str| report[name].as_str().map(str::to_owned);
    Some(Report { uuid: text("uuid")?, level: text("level")?, title: text("title")? })
}
