//! Fetches the request's trace, sampling rules, groups and segment destination from X-Ray.

use std::time::Duration;

use serde_json::Value;

use crate::aws::{Aws, AwsError, Group, SamplingRule, SegmentDestination, TraceDocuments};
use crate::backoff;
use crate::doctor::probe::Probe;

/// How far back to list traces: longer ago than doctor sent its request.
const LIST_PERIOD: Duration = Duration::from_secs(600);

/// What X-Ray returned.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) trace: Result<Option<TraceDocuments>, AwsError>,
    pub(crate) rules: Result<Vec<SamplingRule>, AwsError>,
    pub(crate) groups: Result<Vec<Group>, AwsError>,
    pub(crate) destination: Result<SegmentDestination, AwsError>,
    /// Whether the API responded, so that there can be a trace.
    pub(crate) got_response: bool,
    /// Whether the group's filter matches the trace; `None` if X-Ray does not list the trace at
    /// all.
    pub(crate) is_in_group: Option<bool>,
}

/// Fetches everything from X-Ray, and waits for the trace.
pub(crate) async fn fetch(aws: &Aws, probe: &Probe, stage: &str, timeout: Duration) -> Fetched {
    let destination = aws.segment_destination().await;
    // Waiting does not help if Transaction Search hides the trace.
    let is_hidden = matches!(destination, Ok(SegmentDestination::TransactionSearch { .. }));
    let timeout = if is_hidden || !probe.got_response() { Duration::ZERO } else { timeout };
    let id = probe.id.xray();
    let trace = wait_for_trace(aws, &id, timeout).await;
    let groups = aws.groups().await;
    let group = groups.as_ref().ok().and_then(|groups| group_of_stage(groups, stage));
    let is_in_group = match group.filter(|group| !group.filter.is_empty()) {
        Some(group) => is_in_group(aws, &id, &group.filter).await,
        None => None,
    };
    let (rules, got_response) = (aws.sampling_rules().await, probe.got_response());
    Fetched { trace, rules, groups, destination, got_response, is_in_group }
}

/// Polls until the trace has the function's own subsegment; after the timeout, returns the
/// documents there are.
async fn wait_for_trace(aws: &Aws, id: &str, timeout: Duration) -> Result<Option<TraceDocuments>, AwsError> {
    let complete = backoff::poll_until(timeout, async || {
        let found = aws.trace(id).await?;
        Ok((!found.is_unprocessed && has_subsegment(&found.documents)).then_some(found))
    });
    match complete.await {
        Ok(None) if !timeout.is_zero() => {
            aws.trace(id).await.map(|found| Some(found).filter(|found| !found.documents.is_empty()))
        }
        other => other,
    }
}

async fn is_in_group(aws: &Aws, id: &str, filter: &str) -> Option<bool> {
    let contains = |ids: Vec<String>| ids.iter().any(|known| known == id);
    if !contains(aws.trace_ids(LIST_PERIOD, None).await.ok()?) {
        return None;
    }
    aws.trace_ids(LIST_PERIOD, Some(filter)).await.ok().map(contains)
}

/// Whether there is a subsegment document, which only the function itself sends.
pub(super) fn has_subsegment(documents: &[Value]) -> bool {
    documents.iter().any(|document| document["type"] == "subsegment")
}

pub(super) fn group_of_stage<'a>(groups: &'a [Group], stage: &str) -> Option<&'a Group> {
    let name = format!("crudder-{stage}");
    groups.iter().find(|group| group.name == name)
}
