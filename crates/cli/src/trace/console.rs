//! A trace out of the console of a `crudder local`.

use serde_json::Value;

use super::id::TraceId;
use super::lines;
use super::model::{Link, Report, Span, Status, Trace, arranged};
use super::segments::{self, plain};
use crate::client::{Client, ClientError};

/// What is told of a span in a terminal, and X-Ray's word for it; the rest stands in Honeycomb and in the console.
const TOLD: [(&str, &str); 11] = [
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

/// Asks the console; `None` when it does not know the trace.
pub(crate) async fn fetch(client: &Client, console: &str, id: &TraceId) -> Result<Option<Trace>, ClientError> {
    let Some(found) = client.find(&format!("{console}/api/traces/{id}")).await? else { return Ok(None) };
    Ok(Some(read(id.clone(), console, &found)))
}

fn read(id: TraceId, console: &str, found: &Value) -> Trace {
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let mut told: Vec<Span> = list("segments").iter().flat_map(segments::spans).collect();
    let is_sampled = !told.is_empty();
    told.extend(list("spans").iter().filter_map(span));
    let mut trace = Trace::new(id);
    trace.spans = arranged(told);
    trace.lines = list("lines").iter().filter_map(lines::of_console).collect();
    trace.lines.sort_by_key(|line| line.time_ns);
    trace.reports = list("reports").iter().filter_map(report).collect();
    trace.links = vec![Link { name: "Console", url: format!("{console}/#/trace/{}", trace.trace_id) }];
    if !is_sampled {
        trace.notes.push(
            "X-Ray has nothing of it: it was not sampled, or its function died and the layer has not told yet"
                .to_owned(),
        );
    }
    trace
}

fn span(span: &Value) -> Option<Span> {
    let attributes = &span["attributes"];
    let told = TOLD.iter().filter_map(|(name, word)| Some(((*word).to_owned(), plain(&attributes[*name])?)));
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
        details: told.collect(),
    })
}

fn report(report: &Value) -> Option<Report> {
    let text = |name: &str| report[name].as_str().map(str::to_owned);
    Some(Report { uuid: text("uuid")?, level: text("level")?, title: text("title")? })
}
