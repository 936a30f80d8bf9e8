//! X-Ray through its SDK: traces, sampling rules, groups and the account's segment destination.

use std::time::{Duration, SystemTime};

use aws_sdk_xray::primitives::DateTime;
use aws_sdk_xray::types::{IndexingRuleValue, TraceSegmentDestination};
use serde_json::Value;

use super::client::Aws;
use super::error::AwsError;

/// Pages of rules, groups and summaries. A region has at most 25 rules and groups; summaries cover
/// a few minutes only.
const MAX_PAGES: usize = 20;

/// The segment documents of one trace that X-Ray returns so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct TraceDocuments {
    pub(crate) documents: Vec<Value>,
    /// X-Ray knows the trace ID but has not processed the segments yet.
    pub(crate) is_unprocessed: bool,
    /// The trace exceeded X-Ray's size limit, so that segments are missing.
    pub(crate) is_truncated: bool,
}

/// A sampling rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SamplingRule {
    pub(crate) name: String,
    pub(crate) service_name: String,
    pub(crate) service_type: String,
    pub(crate) fixed_rate: f64,
    pub(crate) reservoir_size: i32,
    pub(crate) url_path: String,
}

/// A group of traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) filter: String,
}

/// Where the account sends trace segments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SegmentDestination {
    XRay,
    /// Transaction Search is on: BatchGetTraces finds only the indexed share of the traces.
    TransactionSearch {
        indexed_percent: Option<f64>,
    },
}

impl Aws {
    /// Fetches one trace by its ID in X-Ray form.
    pub(crate) async fn trace(&self, id: &str) -> Result<TraceDocuments, AwsError> {
        let mut found = TraceDocuments::default();
        let mut pages = self.xray.batch_get_traces().trace_ids(id).into_paginator().send();
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsError::from_sdk("xray:BatchGetTraces", &error))?;
            found.is_unprocessed |= !page.unprocessed_trace_ids().is_empty();
            for trace in page.traces() {
                found.is_truncated |= trace.limit_exceeded() == Some(true);
                let documents = trace.segments().iter().filter_map(|segment| segment.document());
                found.documents.extend(documents.filter_map(|document| serde_json::from_str(document).ok()));
            }
        }
        Ok(found)
    }

    /// Fetches the IDs of the traces of the `last` minutes, all or only those that match a filter
    /// expression.
    pub(crate) async fn trace_ids(&self, last: Duration, filter: Option<&str>) -> Result<Vec<String>, AwsError> {
        let end = SystemTime::now();
        let request =
            self.xray.get_trace_summaries().start_time(DateTime::from(end - last)).end_time(DateTime::from(end));
        let request = request.set_filter_expression(filter.map(str::to_owned));
        let (mut ids, mut pages) = (Vec::new(), request.into_paginator().send());
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsError::from_sdk("xray:GetTraceSummaries", &error))?;
            ids.extend(page.trace_summaries().iter().filter_map(|summary| summary.id().map(str::to_owned)));
        }
        Ok(ids)
    }

    /// Fetches all sampling rules of the region.
    pub(crate) async fn sampling_rules(&self) -> Result<Vec<SamplingRule>, AwsError> {
        let (mut rules, mut pages) = (Vec::new(), self.xray.get_sampling_rules().into_paginator().send());
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsError::from_sdk("xray:GetSamplingRules", &error))?;
            rules.extend(page.sampling_rule_records().iter().filter_map(|record| record.sampling_rule()).map(|rule| {
                SamplingRule {
                    name: rule.rule_name().unwrap_or_default().to_owned(),
                    service_name: rule.service_name().to_owned(),
                    service_type: rule.service_type().to_owned(),
                    fixed_rate: rule.fixed_rate(),
                    reservoir_size: rule.reservoir_size(),
                    url_path: rule.url_path().to_owned(),
                }
            }));
        }
        Ok(rules)
    }

    /// Fetches all groups of the region.
    pub(crate) async fn groups(&self) -> Result<Vec<Group>, AwsError> {
        let (mut groups, mut pages) = (Vec::new(), self.xray.get_groups().into_paginator().send());
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsError::from_sdk("xray:GetGroups", &error))?;
            groups.extend(page.groups().iter().map(|group| Group {
                name: group.group_name().unwrap_or_default().to_owned(),
                filter: group.filter_expression().unwrap_or_default().to_owned(),
            }));
        }
        Ok(groups)
    }

    /// Fetches whether Transaction Search is on, and how much of it is indexed.
    pub(crate) async fn segment_destination(&self) -> Result<SegmentDestination, AwsError> {
        let response = self.xray.get_trace_segment_destination().send().await;
        let response = response.map_err(|error| AwsError::from_sdk("xray:GetTraceSegmentDestination", &error))?;
        if response.destination() != Some(&TraceSegmentDestination::CloudWatchLogs) {
            return Ok(SegmentDestination::XRay);
        }
        // The percentage is only a detail: without permission to read it, it is omitted.
        let rules = self.xray.get_indexing_rules().send().await;
        let percent = rules.ok().and_then(|rules| {
            rules.indexing_rules().iter().find_map(|rule| match rule.rule() {
                Some(IndexingRuleValue::Probabilistic(rule)) => Some(rule.desired_sampling_percentage()),
                _ => None,
            })
        });
        Ok(SegmentDestination::TransactionSearch { indexed_percent: percent })
    }
}
