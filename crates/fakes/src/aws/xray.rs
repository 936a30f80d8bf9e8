//! X-Ray's reading API: the traces that the API has seen, rules, groups, and where segments go.

use std::time::UNIX_EPOCH;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::fault::Protocol;
use super::{AwsConfig, AwsStore};
use crate::TraceId;
use crate::handler::Answer;

/// A call takes five ids.
const IDS: usize = 5;

pub(super) fn traces(config: &AwsConfig, body: &Value, count: u32, store: &watch::Sender<AwsStore>) -> Answer {
    let ids: Vec<&str> = body["TraceIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > IDS {
        return Protocol::Json.error(StatusCode::BAD_REQUEST, "InvalidRequestException", "one to five trace ids");
    }
    // What is not indexed is not there, whoever asks.
    let is_hidden = config.transaction_search.is_some() || count <= config.empty_reads;
    let store = store.borrow();
    let known = ids.iter().filter_map(|id| Some((*id, store.time_of(TraceId::parse_xray(id)?)?)));
    let known: Vec<_> = known.filter(|_| !is_hidden).collect();
    let is_partial = count <= config.empty_reads + config.partial_reads;
    let traces: Vec<Value> = known
        .iter()
        .map(|(id, time)| {
            let start = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            let segments = documents(config, id, start, is_partial);
            let segments =
                segments.iter().map(|document| json!({ "Id": document["id"], "Document": document.to_string() }));
            json!({ "Id": id, "Duration": 0.09, "LimitExceeded": false, "Segments": segments.collect::<Vec<_>>() })
        })
        .collect();
    Answer::json(StatusCode::OK, &json!({ "Traces": traces, "UnprocessedTraceIds": [] }))
}

/// The documents of one request: the stage's segment, Lambda's two, and the function's own subsegment.
fn documents(config: &AwsConfig, id: &str, start: f64, is_partial: bool) -> Vec<Value> {
    let is_dead = config.function_died;
    let segment = |own: &str, parent: Option<&str>, name: &str, origin: &str, from: f64, to: f64| {
        let mut document = json!({ "id": own, "trace_id": id, "name": name, "origin": origin, "start_time": start + from,
            "end_time": start + to, "fault": is_dead });
        if let Some(parent) = parent {
            document["parent_id"] = json!(parent);
        }
        document
    };
    let function = format!("crudder-{}-home-activities", config.stage);
    let mut stage = segment("a000000000000001", None, &config.segment_name, "AWS::ApiGateway::Stage", 0.0, 0.090);
    stage["http"] = json!({ "request": { "method": "GET", "url": "https://x/dev/api/activities/home" },
        "response": { "status": if is_dead { 502 } else { 200 } } });
    stage["subsegments"] = json!([{ "id": "a000000000000002", "name": "Lambda", "namespace": "aws", "start_time": start + 0.002,
        "end_time": start + 0.089, "fault": is_dead }]);
    let service = segment("a000000000000003", Some("a000000000000002"), &function, "AWS::Lambda", 0.003, 0.088);
    let mut own =
        segment("a000000000000004", Some("a000000000000003"), &function, "AWS::Lambda::Function", 0.010, 0.087);
    own["aws"] = json!({ "request_id": "8f7c2e1a-0000-4000-8000-0123456789ab" });
    let mut documents = vec![stage, service, own];
    if config.has_subsegments && !is_partial {
        documents.push(subsegment(id, start, is_dead));
    }
    documents
}

fn subsegment(id: &str, start: f64, is_dead: bool) -> Value {
    let mut query = json!({ "id": "a000000000000006", "name": "DynamoDB", "namespace": "aws", "start_time": start + 0.030,
        "end_time": start + 0.080, "fault": is_dead, "aws": { "operation": "Query", "table_name": "crudder" } });
    if is_dead {
        query["annotations"] = json!({ "culprit": true, "death": "timeout" });
        query["cause"] = json!({ "exceptions": [{ "id": "b000000000000001", "message": "timed out" }] });
    }
    json!({ "id": "a000000000000005", "trace_id": id, "parent_id": "a000000000000004", "type": "subsegment",
        "name": "GET /api/activities/home", "start_time": start + 0.020, "end_time": start + 0.085, "fault": is_dead,
        "annotations": { "route": "/api/activities/home", "result_length": 2 }, "subsegments": [query] })
}

/// All traces, or those whose stage's segment bears the name in the filter.
pub(super) fn summaries(config: &AwsConfig, body: &Value, store: &watch::Sender<AwsStore>) -> Answer {
    let fits = match body["FilterExpression"].as_str() {
        Some(filter) => filter.contains(&format!("service(\"{}\")", config.segment_name)),
        None => true,
    };
    let store = store.borrow();
    let traces = store.traces().filter(|_| fits && config.transaction_search.is_none());
    let summaries: Vec<_> =
        traces.map(|trace| json!({ "Id": trace.xray(), "Duration": 0.09, "HasFault": config.function_died })).collect();
    Answer::json(StatusCode::OK, &json!({ "TraceSummaries": summaries, "TracesProcessedCount": summaries.len() }))
}

pub(super) fn rules(config: &AwsConfig) -> Answer {
    let rule = |name: &str, service: &str, priority: u32, reservoir: u32, rate: f64, path: &str| {
        json!({ "SamplingRule": { "RuleName": name, "RuleARN": format!("arn:aws:xray:us-east-1:123456789012:sampling-rule/{name}"),
            "ResourceARN": "*", "Priority": priority, "FixedRate": rate, "ReservoirSize": reservoir, "ServiceName": service,
            "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": path, "Version": 1 } })
    };
    let (stage, service) = (&config.stage, &config.rule_service);
    let records = [
        rule(&format!("crudder-{stage}"), service, 9000, 5, 0.1, "*"),
        rule(&format!("crudder-{stage}-health-check"), service, 8999, 0, 0.01, "*/api/health-check"),
        rule("Default", "*", 10_000, 1, 0.05, "*"),
    ];
    Answer::json(StatusCode::OK, &json!({ "SamplingRuleRecords": records }))
}

pub(super) fn groups(config: &AwsConfig) -> Answer {
    let mut groups =
        vec![json!({ "GroupName": "Default", "GroupARN": "arn:aws:xray:us-east-1:123456789012:group/Default" })];
    if let Some(filter) = &config.group_filter {
        let arn = format!("arn:aws:xray:us-east-1:123456789012:group/crudder-{}/ABC", config.stage);
        groups.push(
            json!({ "GroupName": format!("crudder-{}", config.stage), "GroupARN": arn, "FilterExpression": filter }),
        );
    }
    Answer::json(StatusCode::OK, &json!({ "Groups": groups }))
}

pub(super) fn destination(config: &AwsConfig) -> Answer {
    let destination = if config.transaction_search.is_some() { "CloudWatchLogs" } else { "XRay" };
    Answer::json(StatusCode::OK, &json!({ "Destination": destination, "Status": "ACTIVE" }))
}

pub(super) fn indexing(config: &AwsConfig) -> Answer {
    let percent = config.transaction_search.unwrap_or(1.0);
    let rule =
        json!({ "Probabilistic": { "DesiredSamplingPercentage": percent, "ActualSamplingPercentage": percent } });
    Answer::json(StatusCode::OK, &json!({ "IndexingRules": [{ "Name": "Default", "Rule": rule }] }))
}
