//! Fetches a trace of a deployed stack: X-Ray's documents and CloudWatch's log lines.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::links::{self, ACCESS_LOG_GROUP};
use super::model::{Line, Trace, merge_and_order};
use super::{lines, segments};
use crate::aws::{Aws, AwsError, SegmentDestination, Stack, TraceDocuments};
use crate::backoff;
use crate::config::Config;
use crate::trace_id::TraceId;

/// By then X-Ray has all segments of a request; any that are missing will not appear.
const SETTLE_TIME: Duration = Duration::from_secs(60);
/// Difference between the clock that dated a log line and the clock in the trace ID.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// How long X-Ray keeps traces.
const XRAY_RETENTION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Asks X-Ray and CloudWatch; `None` if neither has the trace.
pub(crate) async fn fetch(
    config: &Config,
    stack: &str,
    id: &TraceId,
    timeout: Duration,
) -> Result<Option<Trace>, AwsError> {
    let aws = Aws::load(config, None).await?;
    let stack = aws.stack(stack).await?;
    let mut trace = Trace::new(id.clone());
    let documents = fetch_documents(&aws, id, timeout, &mut trace.notes).await?;
    trace.spans = merge_and_order(documents.iter().flat_map(segments::spans).collect());
    let groups = log_groups(&stack, &documents);
    trace.lines = fetch_lines(&aws, &groups, id, &mut trace.notes).await;
    if trace.spans.is_empty() && trace.lines.is_empty() {
        return Ok(None);
    }
    trace.links = links::of_trace(config, aws.region(), &trace, &groups).await;
    Ok(Some(trace))
}

/// Polls for X-Ray's documents until the trace is complete or waiting does not help.
///
/// Adds a note about missing documents.
async fn fetch_documents(
    aws: &Aws,
    id: &TraceId,
    timeout: Duration,
    notes: &mut Vec<String>,
) -> Result<Vec<Value>, AwsError> {
    let xray_id = id.xray();
    let mut last = TraceDocuments::default();
    let found = backoff::poll_until(timeout, async || {
        last = aws.trace(&xray_id).await?;
        Ok::<_, AwsError>((is_complete(&last) || is_hidden(aws, &last).await).then(|| last.clone()))
    });
    let found = found.await?.unwrap_or_else(|| last.clone());
    if found.is_unprocessed {
        notes.push("X-Ray has not processed the whole trace yet".to_owned());
    } else if found.documents.is_empty() {
        notes.push(why_missing(aws).await);
    } else if !is_complete(&found) {
        notes.push("parts of the trace have not reached X-Ray yet; try again in a minute".to_owned());
    }
    Ok(found.documents)
}

/// Whether no segment is in progress and the function's own subsegments are there.
///
/// After [`SETTLE_TIME`] the trace counts as complete without them.
fn is_complete(found: &TraceDocuments) -> bool {
    let any = |test: fn(&Value) -> bool| found.documents.iter().any(test);
    let end = found.documents.iter().filter_map(|document| document["end_time"].as_f64()).fold(0.0, f64::max);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let is_settled = end > 0.0 && now.as_secs_f64() - end > SETTLE_TIME.as_secs_f64();
    let is_finished =
        any(|document| document["type"] == "subsegment") && !any(|document| document["in_progress"] == true);
    !found.is_unprocessed && !found.documents.is_empty() && (is_finished || is_settled)
}

/// Whether Transaction Search hides the trace, so that waiting does not help.
async fn is_hidden(aws: &Aws, found: &TraceDocuments) -> bool {
    found.documents.is_empty()
        && matches!(aws.segment_destination().await, Ok(SegmentDestination::TransactionSearch { .. }))
}

async fn why_missing(aws: &Aws) -> String {
    match aws.segment_destination().await {
        Ok(SegmentDestination::TransactionSearch { .. }) => {
            "Transaction Search is on, so BatchGetTraces does not return traces that are not indexed; \
             look in log group aws/spans"
        }
        _ => "X-Ray has nothing of this trace: it was not sampled, or belongs to another region or account",
    }
    .to_owned()
}

/// Returns the log groups of the functions in the trace and of the API's access log.
///
/// If the trace names no function, returns all log groups.
fn log_groups(stack: &Stack, documents: &[Value]) -> Vec<String> {
    let functions: Vec<&str> = documents
        .iter()
        .filter(|document| document["origin"] == "AWS::Lambda::Function")
        .filter_map(|document| document["name"].as_str())
        .collect();
    let all: Vec<String> = stack.resource_ids("AWS::Logs::LogGroup").map(str::to_owned).collect();
    // Log group `/crudder/<stage>/<binary>` belongs to function `crudder-<stage>-<binary>`.
    let is_named =
        |group: &&String| functions.iter().any(|name| group.trim_start_matches('/').replace('/', "-") == **name);
    if !all.iter().any(|group| is_named(&group)) {
        return all;
    }
    all.iter().filter(|group| is_named(group) || group.ends_with(ACCESS_LOG_GROUP)).cloned().collect()
}

/// Fetches the trace's lines of all groups, oldest first; notes the groups that could not be read.
async fn fetch_lines(aws: &Aws, groups: &[String], id: &TraceId, notes: &mut Vec<String>) -> Vec<Line> {
    let since_ms = u64::try_from(earliest_line(id).as_millis()).unwrap_or_default();
    let mut lines = Vec::new();
    for group in groups {
        match aws.log_lines(group, &id.xray(), since_ms).await {
            Ok(found) => {
                lines.extend(found.iter().map(|(time_ms, text)| lines::from_cloudwatch(*time_ms, group, text)));
            }
            Err(error) => {
                notes.push(format!("failed to read {group}: {error}; fix: {}", error.fix()));
                if !matches!(error, AwsError::NotFound { .. }) {
                    break;
                }
            }
        }
    }
    lines.sort_by_key(|line| line.time_ns);
    lines
}

/// Returns the time since 1970 from which on to search for lines.
///
/// It is the time in the trace ID. An entirely random ID has no plausible time; then the search
/// covers X-Ray's retention.
fn earliest_line(id: &TraceId) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let oldest = now.saturating_sub(XRAY_RETENTION);
    let start = id.unix_time();
    if start > oldest && start < now + CLOCK_SKEW { start.saturating_sub(CLOCK_SKEW) } else { oldest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_are_searched_in_the_log_groups_of_the_functions_in_the_trace() {
        let group = |name: &str| ("AWS::Logs::LogGroup".to_owned(), format!("/crudder/dev/{name}"));
        let stack =
            Stack { resources: vec![group("home-activities"), group("messages"), group("api")], ..Stack::default() };
        let documents = [json!({ "origin": "AWS::Lambda::Function", "name": "crudder-dev-messages" })];
        assert_eq!(log_groups(&stack, &documents), ["/crudder/dev/messages", "/crudder/dev/api"]);
        assert_eq!(log_groups(&stack, &[]).len(), 3);
    }

    #[test]
    fn a_trace_is_complete_once_its_function_has_finished_or_had_time_to() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let is_complete =
            |documents: Vec<Value>| is_complete(&TraceDocuments { documents, ..TraceDocuments::default() });
        assert!(!is_complete(vec![]));
        assert!(!is_complete(vec![json!({ "end_time": now })]));
        assert!(is_complete(vec![json!({ "end_time": now }), json!({ "type": "subsegment", "end_time": now })]));
        assert!(!is_complete(vec![json!({ "type": "subsegment", "in_progress": true })]));
        assert!(is_complete(vec![json!({ "end_time": now - 120.0 })]));
    }
}
