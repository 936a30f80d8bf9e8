//! Responses of CloudWatch Logs: log groups, and log events of the stored traces.

use std::time::UNIX_EPOCH;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::config::{AwsConfig, FUNCTIONS};
use super::protocol::Protocol;
use super::store::AwsStore;
use crate::TraceId;
use crate::handler::Response;

fn group_names(config: &AwsConfig) -> Vec<String> {
    FUNCTIONS.iter().chain([&"api"]).map(|name| format!("/crudder/{}/{name}", config.stage)).collect()
}

/// Returns one log group per page, so that a client that reads a single page misses groups.
pub(super) fn describe_log_groups(config: &AwsConfig, body: &Value) -> Response {
    let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
    let names: Vec<String> = group_names(config).into_iter().filter(|name| name.starts_with(prefix)).collect();
    let start: usize = body["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or_default();
    let Some(name) = names.get(start) else { return Response::json(StatusCode::OK, &json!({ "logGroups": [] })) };
    let mut group = json!({ "logGroupName": name, "storedBytes": 1, "arn": format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}:*") });
    if let Some(days) = config.retention_days {
        group["retentionInDays"] = json!(days);
    }
    let mut page = json!({ "logGroups": [group] });
    if start + 1 < names.len() {
        page["nextToken"] = json!((start + 1).to_string());
    }
    Response::json(StatusCode::OK, &page)
}

/// Returns two log events of the trace in the filter pattern.
pub(super) fn filter_log_events(
    config: &AwsConfig,
    body: &Value,
    count: u32,
    store: &watch::Sender<AwsStore>,
) -> Response {
    let group = body["logGroupName"].as_str().unwrap_or_default();
    if !group_names(config).iter().any(|name| name == group) {
        let message = "The specified log group does not exist.";
        return Protocol::Json.error(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message);
    }
    let pattern = body["filterPattern"].as_str().unwrap_or_default();
    let wanted = TraceId::parse_xray(pattern.trim_matches('"'));
    let time = wanted.and_then(|trace| store.borrow().request_time(trace));
    let is_available = group.ends_with("home-activities") && count > config.empty_reads;
    let Some((trace, time)) = wanted.zip(time).filter(|_| is_available) else {
        return Response::json(StatusCode::OK, &json!({ "events": [], "searchedLogStreams": [] }));
    };
    let time_ms = u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or_default();
    let line = |message: &str| {
        let line = json!({ "level": "INFO", "message": message, "trace_id": trace, "xray_trace_id": trace.xray(), "status": 200 });
        json!({ "logStreamName": "s", "timestamp": time_ms, "ingestionTime": time_ms, "eventId": "1", "message": format!("{line}\n") })
    };
    let events = [line("Hello Cloudwatch! from  /api/activities/home"), line("GET /api/activities/home")];
    Response::json(StatusCode::OK, &json!({ "events": events, "searchedLogStreams": [] }))
}
