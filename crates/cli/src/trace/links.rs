//! Links to the pages of AWS, Honeycomb and Rollbar about a trace of a deployed stack.

use super::model::{Link, Trace};
use crate::config::Config;
use crate::honeycomb_auth::{self, Auth};
use crate::http::HttpClient;

/// The name of the log group of the API's access log ends with this.
pub(super) const ACCESS_LOG_GROUP: &str = "/api";
/// Honeycomb finds a trace by the time range in the address. This margin is added on both sides.
const MARGIN_S: u64 = 60;

/// Returns the links for a trace whose log lines are in `groups`.
pub(super) async fn of_trace(config: &Config, region: &str, trace: &Trace, groups: &[String]) -> Vec<Link> {
    let home = format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}");
    let mut links = vec![Link { name: "X-Ray", url: format!("{home}#xray:traces/{}", trace.xray_trace_id) }];
    let mut functions = groups.iter().filter(|group| !group.ends_with(ACCESS_LOG_GROUP));
    if let (Some(group), None) = (functions.next(), functions.next()) {
        // The AWS console escapes a name twice, and writes `$` for the second `%`.
        let group = group.replace('/', "$252F");
        links.push(Link { name: "CloudWatch", url: format!("{home}#logsV2:log-groups/log-group/{group}") });
    }
    links.extend(honeycomb(config, trace).await);
    links.extend(rollbar(trace));
    links
}

/// Links to the Rollbar item of a death.
///
/// No Rollbar call finds an item by its trace ID, but the extension derives this item's UUID from
/// the request.
fn rollbar(trace: &Trace) -> Option<Link> {
    let detail = |name: &str| trace.spans.iter().find_map(|span| span.detail(name));
    let uuid = crudder_extension::death_uuid(detail("request_id")?, &trace.trace_id.to_string());
    detail("death").map(|_| Link { name: "Rollbar", url: format!("https://rollbar.com/occurrence/uuid/?uuid={uuid}") })
}

/// Links to the trace in Honeycomb. The address contains the environment of this shell's key.
async fn honeycomb(config: &Config, trace: &Trace) -> Option<Link> {
    let key = config.honeycomb_key.as_ref().filter(|key| !key.is_arn())?;
    let auth = honeycomb_auth::fetch(&HttpClient::new(), config, key).await;
    let Auth::Response { status: 200, body } = auth else { return None };
    let (team, environment) = (body["team"]["slug"].as_str()?, body["environment"]["slug"].as_str()?);
    let (start, end) = trace.time_range()?;
    let seconds = |time_ns: u64| time_ns / 1_000_000_000;
    let place = if environment.is_empty() {
        format!("{team}/datasets/{}", config.honeycomb_dataset.as_deref()?)
    } else {
        format!("{team}/environments/{environment}")
    };
    let host = if config.honeycomb_endpoint.contains("api.eu1.") { "ui.eu1.honeycomb.io" } else { "ui.honeycomb.io" };
    let (from, to) = (seconds(start).saturating_sub(MARGIN_S), seconds(end) + MARGIN_S);
    let url =
        format!("https://{host}/{place}/trace?trace_id={}&trace_start_ts={from}&trace_end_ts={to}", trace.trace_id);
    Some(Link { name: "Honeycomb", url })
}
