//! CloudWatch Logs: the log groups of a stack and the log lines of a trace.

use serde_json::{Value, json};

use super::client::Aws;
use super::error::AwsError;
use super::signed_call::Call;

/// Log groups a page; the service's own limit.
const PAGE_SIZE: u64 = 50;
/// Enough for far more groups than a stack has functions.
const MAX_GROUP_PAGES: usize = 20;
/// Each page searches only a part of the group, and may return no line.
const MAX_LINE_PAGES: usize = 50;
/// More lines of one trace are of no use in a terminal.
const MAX_LINES: usize = 1_000;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogGroup {
    pub(crate) name: String,
    /// `None` if its lines never expire.
    pub(crate) retention_days: Option<u64>,
}

impl Aws {
    /// Fetches the log groups whose names start with a prefix.
    pub(crate) async fn log_groups(&self, prefix: &str) -> Result<Vec<LogGroup>, AwsError> {
        let (mut groups, mut next) = (Vec::new(), Value::Null);
        for _ in 0..MAX_GROUP_PAGES {
            let mut body = json!({ "logGroupNamePrefix": prefix, "limit": PAGE_SIZE });
            if next.is_string() {
                body["nextToken"] = next;
            }
            let call = Call::json("logs", "logs:DescribeLogGroups", "Logs_20140328.DescribeLogGroups", &body);
            let page = self.call(&call).await?.json();
            groups.extend(page["logGroups"].as_array().into_iter().flatten().filter_map(group));
            next = page["nextToken"].clone();
            if !next.is_string() {
                break;
            }
        }
        Ok(groups)
    }

    /// Fetches the lines of a group that contain a text, oldest first, from a time on.
    ///
    /// Times are in milliseconds since 1970, both `since_ms` and those of the returned lines.
    pub(crate) async fn log_lines(
        &self,
        group: &str,
        text: &str,
        since_ms: u64,
    ) -> Result<Vec<(u64, String)>, AwsError> {
        let (mut lines, mut next) = (Vec::new(), Value::Null);
        for _ in 0..MAX_LINE_PAGES {
            let mut body =
                json!({ "logGroupName": group, "filterPattern": format!("\"{text}\""), "startTime": since_ms });
            if next.is_string() {
                body["nextToken"] = next;
            }
            let call = Call::json("logs", "logs:FilterLogEvents", "Logs_20140328.FilterLogEvents", &body);
            let page = self.call(&call).await?.json();
            lines.extend(page["events"].as_array().into_iter().flatten().filter_map(event));
            next = page["nextToken"].clone();
            if !next.is_string() || lines.len() >= MAX_LINES {
                break;
            }
        }
        lines.truncate(MAX_LINES);
        Ok(lines)
    }
}

fn group(group: &Value) -> Option<LogGroup> {
    Some(LogGroup {
        name: group["logGroupName"].as_str()?.to_owned(),
        retention_days: group["retentionInDays"].as_u64(),
    })
}

fn event(event: &Value) -> Option<(u64, String)> {
    Some((event["timestamp"].as_u64()?, event["message"].as_str()?.to_owned()))
}
