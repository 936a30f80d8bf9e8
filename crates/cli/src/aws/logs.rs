//! CloudWatch Logs: which groups there are, and the lines of a trace.

use serde_json::{Value, json};

use super::call::json as call;
use super::{Aws, AwsFault};

/// A page of log groups; the service's own limit.
const PAGE: u64 = 50;
/// Pages read at most: far more groups than a stack has functions.
const PAGES: usize = 20;
/// Pages of lines: each call looks through a part of the group, and may bring nothing.
const LINE_PAGES: usize = 50;
/// Lines of one trace that are of use in a terminal.
const LINES: usize = 1_000;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogGroup {
    pub(crate) name: String,
    /// None: it keeps its lines for ever.
    pub(crate) retention_days: Option<u64>,
}

impl Aws {
    /// The groups whose names begin so.
    pub(crate) async fn log_groups(&self, prefix: &str) -> Result<Vec<LogGroup>, AwsFault> {
        let (mut groups, mut next) = (Vec::new(), Value::Null);
        for _ in 0..PAGES {
            let mut body = json!({ "logGroupNamePrefix": prefix, "limit": PAGE });
            if next.is_string() {
                body["nextToken"] = next;
            }
            let asked = call("logs", "logs:DescribeLogGroups", "Logs_20140328.DescribeLogGroups", &body);
            let page = self.call(&asked).await?.json();
            groups.extend(page["logGroups"].as_array().into_iter().flatten().filter_map(group));
            next = page["nextToken"].clone();
            if !next.is_string() {
                break;
            }
        }
        Ok(groups)
    }

    /// The lines of a group that hold this text, from a moment on: milliseconds since 1970 and the text, the oldest first.
    pub(crate) async fn lines(&self, group: &str, text: &str, since_ms: u64) -> Result<Vec<(u64, String)>, AwsFault> {
        let (mut lines, mut next) = (Vec::new(), Value::Null);
        for _ in 0..LINE_PAGES {
            let mut body =
                json!({ "logGroupName": group, "filterPattern": format!("\"{text}\""), "startTime": since_ms });
            if next.is_string() {
                body["nextToken"] = next;
            }
            let asked = call("logs", "logs:FilterLogEvents", "Logs_20140328.FilterLogEvents", &body);
            let page = self.call(&asked).await?.json();
            lines.extend(page["events"].as_array().into_iter().flatten().filter_map(event));
            next = page["nextToken"].clone();
            if !next.is_string() || lines.len() >= LINES {
                break;
            }
        }
        lines.truncate(LINES);
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
