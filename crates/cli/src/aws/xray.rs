//! X-Ray by its SDK: traces, rules, groups, and where the account sends its segments.

use std::time::{Duration, SystemTime};

use aws_sdk_xray::primitives::DateTime;
use aws_sdk_xray::types::{IndexingRuleValue, TraceSegmentDestination};
use serde_json::Value;

use super::{Aws, AwsFault};

/// Pages of rules, groups and summaries: a region has 25 of the former, and of the latter one looks at a few minutes.
const PAGES: usize = 20;

/// A trace as far as it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traces {
    /// Segment documents.
    pub(crate) documents: Vec<Value>,
    /// X-Ray knows the id, and can't hand its segments out yet.
    pub(crate) is_unprocessed: bool,
    /// The trace was larger than X-Ray takes.
    pub(crate) is_cut: bool,
}

/// A sampling rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) service_name: String,
    pub(crate) service_type: String,
    pub(crate) fixed_rate: f64,
    pub(crate) reservoir: i32,
    pub(crate) url_path: String,
}

/// A group of traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) filter: String,
}

/// Where segments go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Destination {
    XRay,
    /// Transaction Search is on: BatchGetTraces finds only so many percent of the traces.
    TransactionSearch {
        indexed_percent: Option<f64>,
    },
}

impl Aws {
    /// One trace by its id, in X-Ray's form.
    pub(crate) async fn trace(&self, id: &str) -> Result<Traces, AwsFault> {
        let mut found = Traces::default();
        let mut pages = self.xray.batch_get_traces().trace_ids(id).into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsFault::of_sdk("xray:BatchGetTraces", &error))?;
            found.is_unprocessed |= !page.unprocessed_trace_ids().is_empty();
            for trace in page.traces() {
                found.is_cut |= trace.limit_exceeded() == Some(true);
                let documents = trace.segments().iter().filter_map(|segment| segment.document());
                found.documents.extend(documents.filter_map(|document| serde_json::from_str(document).ok()));
            }
        }
        Ok(found)
    }

    /// The ids of the traces of the last minutes, all or those that a filter lets through.
    pub(crate) async fn summaries(&self, last: Duration, filter: Option<&str>) -> Result<Vec<String>, AwsFault> {
        let end = SystemTime::now();
        let asked =
            self.xray.get_trace_summaries().start_time(DateTime::from(end - last)).end_time(DateTime::from(end));
        let asked = asked.set_filter_expression(filter.map(str::to_owned));
        let (mut ids, mut pages) = (Vec::new(), asked.into_paginator().send());
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsFault::of_sdk("xray:GetTraceSummaries", &error))?;
            ids.extend(page.trace_summaries().iter().filter_map(|summary| summary.id().map(str::to_owned)));
        }
        Ok(ids)
    }

    /// All sampling rules of the region.
    pub(crate) async fn rules(&self) -> Result<Vec<Rule>, AwsFault> {
        let (mut rules, mut pages) = (Vec::new(), self.xray.get_sampling_rules().into_paginator().send());
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsFault::of_sdk("xray:GetSamplingRules", &error))?;
            rules.extend(page.sampling_rule_records().iter().filter_map(|record| record.sampling_rule()).map(|rule| {
                Rule {
                    name: rule.rule_name().unwrap_or_default().to_owned(),
                    service_name: rule.service_name().to_owned(),
                    service_type: rule.service_type().to_owned(),
                    fixed_rate: rule.fixed_rate(),
                    reservoir: rule.reservoir_size(),
                    url_path: rule.url_path().to_owned(),
                }
            }));
        }
        Ok(rules)
    }

    /// All groups of the region.
    pub(crate) async fn groups(&self) -> Result<Vec<Group>, AwsFault> {
        let (mut groups, mut pages) = (Vec::new(), self.xray.get_groups().into_paginator().send());
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| AwsFault::of_sdk("xray:GetGroups", &error))?;
            groups.extend(page.groups().iter().map(|group| Group {
                name: group.group_name().unwrap_or_default().to_owned(),
                filter: group.filter_expression().unwrap_or_default().to_owned(),
            }));
        }
        Ok(groups)
    }

    /// Whether Transaction Search is on, and how much of it is indexed.
    pub(crate) async fn destination(&self) -> Result<Destination, AwsFault> {
        let told = self.xray.get_trace_segment_destination().send().await;
        let told = told.map_err(|error| AwsFault::of_sdk("xray:GetTraceSegmentDestination", &error))?;
        if told.destination() != Some(&TraceSegmentDestination::CloudWatchLogs) {
            return Ok(Destination::XRay);
        }
        let rules = self.xray.get_indexing_rules().send().await;
        // What is hidden is known already; how much of it is worth a permission less.
        let percent = rules.ok().and_then(|rules| {
            rules.indexing_rules().iter().find_map(|rule| match rule.rule() {
                Some(IndexingRuleValue::Probabilistic(rule)) => Some(rule.desired_sampling_percentage()),
                _ => None,
            })
        });
        Ok(Destination::TransactionSearch { indexed_percent: percent })
    }
}
