//! Responses of X-Ray's read API: traces, summaries, sampling rules, groups and settings.

use std::time::UNIX_EPOCH;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::config::AwsConfig;
use super::protocol::Protocol;
use super::store::AwsStore;
use crate::TraceId;
use crate::handler::Response;

/// The most trace ids of a call of BatchGetTraces.
const MAX_IDS: usize = 5;

/// Returns the documents of stored traces as JSON strings.
pub(super) fn batch_get_traces(
    config: &AwsConfig,
    body: &Value,
    count: u32,
    store: &watch::Sender<AwsStore>,
) -> Response {
    let ids: Vec<&str> = body["TraceIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > MAX_IDS {
        return Protocol::Json.error(StatusCode::BAD_REQUEST, "InvalidRequestException", "one to five trace ids");
    }
    // BatchGetTraces does not find a trace that Transaction Search did not index.
    let is_hidden = config.transaction_search.is_some() || count <= config.empty_reads;
    let store = store.borrow();
    let known = ids.iter().filter_map(|id| Some((*id, store.request_time(TraceId::parse_xray(id)?)?)));
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
    Response::json(StatusCode::OK, &json!({ "Traces": traces, "UnprocessedTraceIds": [] }))
}

/// Returns the documents of one request: API Gateway's segment, Lambda's two segments and the
/// function's own subsegment.
fn documents(config: &AwsConfig, id: &str, start: f64, is_partial: bool) -> Vec<Value> {
    let died = config.function_died;
    let segment = |segment_id: &str,
                   parent: Option<&str>,
                   name: &str,
                   origin: &str,
                   start_offset: f64,
                   end_offset: f64| {
        let mut document = json!({ "id": segment_id, "trace_id": id, "name": name, "origin": origin, "start_time": start + start_offset,
            "end_time": start + end_offset, "fault": died });
        if let Some(parent) = parent {
            document["parent_id"] = json!(parent);
        }
        document
    };
    let function = format!("crudder-{}-home-activities", config.stage);
    let mut stage = segment("a000000000000001", None, &config.segment_name, "AWS::ApiGateway::Stage", 0.0, 0.090);
    stage["http"] = json!({ "request": { "method": "GET", "url": "https://x/dev/api/activities/home" },
        "response": { "status": if died { 502 } else { 200 } } });
    stage["subsegments"] = json!([{ "id": "a000000000000002", "name": "Lambda", "namespace": "aws", "start_time": start + 0.002,
        "end_time": start + 0.089, "fault": died }]);
    let service = segment("a000000000000003", Some("a000000000000002"), &function, "AWS::Lambda", 0.003, 0.088);
    let mut invocation =
        segment("a000000000000004", Some("a000000000000003"), &function, "AWS::Lambda::Function", 0.010, 0.087);
    invocation["aws"] = json!({ "request_id": "8f7c2e1a-0000-4000-8000-0123456789ab" });
    let mut documents = vec![stage, service, invocation];
    if config.has_subsegments && !is_partial {
        documents.push(subsegment(id, start, died));
    }
    documents
}

fn subsegment(id: &str, start: f64, died: bool) -> Value {
    let mut query = json!({ "id": "a000000000000006", "name": "DynamoDB", "namespace": "aws", "start_time": start + 0.030,
        "end_time": start + 0.080, "fault": died, "aws": { "operation": "Query", "table_name": "crudder" } });
    if died {
        query["annotations"] = json!({ "culprit": true, "death": "timeout" });
        query["cause"] = json!({ "exceptions": [{ "id": "b000000000000001", "message": "timed out" }] });
    }
    json!({ "id": "a000000000000005", "trace_id": id, "parent_id": "a000000000000004", "type": "subsegment",
        "name": "GET /api/activities/home", "start_time": start + 0.020, "end_time": start + 0.085, "fault": died,
        "annotations": { "route": "/api/activities/home", "result_length": 2 }, "subsegments": [query] })
}

/// Returns all traces, or those whose API Gateway segment has the name in the filter.
pub(super) fn get_trace_summaries(config: &AwsConfig, body: &Value, store: &watch::Sender<AwsStore>) -> Response {
    let matches_filter = match body["FilterExpression"].as_str() {
        Some(filter) => filter.contains(&format!("service(\"{}\")", config.segment_name)),
        None => true,
    };
    let store = store.borrow();
    let traces = store.traces().filter(|_| matches_filter && config.transaction_search.is_none());
    let summaries: Vec<_> =
        traces.map(|trace| json!({ "Id": trace.xray(), "Duration": 0.09, "HasFault": config.function_died })).collect();
    Response::json(StatusCode::OK, &json!({ "TraceSummaries": summaries, "TracesProcessedCount": summaries.len() }))
}

/// Returns the stack's two sampling rules and the default rule.
pub(super) fn get_sampling_rules(config: &AwsConfig) -> Response {
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
    Response::json(StatusCode::OK, &json!({ "SamplingRuleRecords": records }))
}

pub(super) fn get_groups(config: &AwsConfig) -> Response {
    let mut groups =
        vec![json!({ "GroupName": "Default", "GroupARN": "arn:aws:xray:us-east-1:123456789012:group/Default" })];
    if let Some(filter) = &config.group_filter {
        let arn = format!("arn:aws:xray:us-east-1:123456789012:group/crudder-{}/ABC", config.stage);
        groups.push(
            json!({ "GroupName": format!("crudder-{}", config.stage), "GroupARN": arn, "FilterExpression": filter }),
        );
    }
    Response::json(StatusCode::OK, &json!({ "Groups": groups }))
}

pub(super) fn get_trace_segment_destination(config: &AwsConfig) -> Response {
    let destination = if config.transaction_search.is_some() { "CloudWatchLogs" } else { "XRay" };
    Response::json(StatusCode::OK, &json!({ "Destination": destination, "Status": "ACTIVE" }))
}

pub(super) fn get_indexing_rules(config: &AwsConfig) -> Response {
    let percent = config.transaction_search.unwrap_or(1.0);
    let rule =
        json!({ "Probabilistic": { "DesiredSamplingPercentage": percent, "ActualSamplingPercentage": percent } });
    Response::json(StatusCode::OK, &json!({ "IndexingRules": [{ "Name": "Default", "Rule": rule }] }))
}
