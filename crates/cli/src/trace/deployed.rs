//! A trace of a deployed stack: X-Ray's documents, CloudWatch's lines, and where each vendor shows it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::id::TraceId;
use super::model::{Line, Link, Trace, arranged};
use super::{lines, segments};
use crate::aws::{Aws, AwsFault, Destination, Stack, Traces};
use crate::client::Client;
use crate::config::Config;
use crate::{backoff, doctor};

/// X-Ray has every part of a request by then; a trace without a function's part will not get one any more.
const SETTLED: Duration = Duration::from_secs(60);
/// Lines are dated by the machine that said them.
const SKEW: Duration = Duration::from_secs(60);
/// X-Ray keeps traces for so long, and takes none from further ahead than a clock may be wrong.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// The group of the API's access log.
const ACCESS: &str = "/api";
/// Pages of a vendor find a trace by its time, give or take this.
const MARGIN_S: u64 = 60;

/// Asks X-Ray and CloudWatch; `None` when neither knows the trace.
pub(crate) async fn fetch(
    config: &Config,
    stack: &str,
    id: &TraceId,
    patience: Duration,
) -> Result<Option<Trace>, AwsFault> {
    let aws = Aws::load(config, None).await?;
    let stack = aws.stack(stack).await?;
    let mut trace = Trace::new(id.clone());
    let documents = documents(&aws, id, patience, &mut trace).await?;
    trace.spans = arranged(documents.iter().flat_map(segments::spans).collect());
    let groups = groups(&stack, &documents);
    trace.lines = said(&aws, &groups, id, &mut trace.notes).await;
    if trace.spans.is_empty() && trace.lines.is_empty() {
        return Ok(None);
    }
    trace.links = links(config, aws.region(), &trace, &groups).await;
    Ok(Some(trace))
}

/// X-Ray's documents, waited for while they may still be on their way.
async fn documents(aws: &Aws, id: &TraceId, patience: Duration, trace: &mut Trace) -> Result<Vec<Value>, AwsFault> {
    let xray = id.xray();
    let mut last = Traces::default();
    let found = backoff::until(patience, async || {
        last = aws.trace(&xray).await?;
        Ok::<_, AwsFault>((is_whole(&last) || is_hopeless(aws, &last).await).then(|| last.clone()))
    });
    let found = found.await?.unwrap_or_else(|| last.clone());
    if found.is_unprocessed {
        trace.notes.push("X-Ray says that it has not processed all of it yet".to_owned());
    } else if found.documents.is_empty() {
        trace.notes.push(why_absent(aws).await);
    } else if !is_whole(&found) {
        trace.notes.push("parts of it have not reached X-Ray; ask again in a minute".to_owned());
    }
    Ok(found.documents)
}

/// Nothing is in progress, and the function has told its part; or it had time enough to.
fn is_whole(found: &Traces) -> bool {
    let has = |test: fn(&Value) -> bool| found.documents.iter().any(test);
    let end = found.documents.iter().filter_map(|document| document["end_time"].as_f64()).fold(0.0, f64::max);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let is_settled = end > 0.0 && now.as_secs_f64() - end > SETTLED.as_secs_f64();
    let is_told = has(|document| document["type"] == "subsegment") && !has(|document| document["in_progress"] == true);
    !found.is_unprocessed && !found.documents.is_empty() && (is_told || is_settled)
}

/// With Transaction Search on, waiting helps nobody.
async fn is_hopeless(aws: &Aws, found: &Traces) -> bool {
    found.documents.is_empty() && matches!(aws.destination().await, Ok(Destination::TransactionSearch { .. }))
}

async fn why_absent(aws: &Aws) -> String {
    match aws.destination().await {
        Ok(Destination::TransactionSearch { .. }) => {
            "Transaction Search is on, and hides traces that are not indexed from BatchGetTraces: look in log group aws/spans".to_owned()
        }
        _ => "X-Ray has nothing of it: it was not sampled, or is of another region or account".to_owned(),
    }
}

/// The groups of the functions that the trace names, and the API's own; all where it names none.
fn groups(stack: &Stack, documents: &[Value]) -> Vec<String> {
    let named: Vec<&str> = documents
        .iter()
        .filter(|document| document["origin"] == "AWS::Lambda::Function")
        .filter_map(|document| document["name"].as_str())
        .collect();
    let all: Vec<String> = stack.of_type("AWS::Logs::LogGroup").map(str::to_owned).collect();
    // `/crudder/<stage>/<binary>` belongs to `crudder-<stage>-<binary>`.
    let meant = |group: &&String| named.iter().any(|name| group.trim_start_matches('/').replace('/', "-") == **name);
    if !all.iter().any(|group| meant(&group)) {
        return all;
    }
    all.iter().filter(|group| meant(group) || group.ends_with(ACCESS)).cloned().collect()
}

async fn said(aws: &Aws, groups: &[String], id: &TraceId, notes: &mut Vec<String>) -> Vec<Line> {
    let since_ms = u64::try_from(since(id).as_millis()).unwrap_or_default();
    let mut said = Vec::new();
    for group in groups {
        match aws.lines(group, &id.xray(), since_ms).await {
            Ok(found) => said.extend(found.iter().map(|(time_ms, text)| lines::of_event(*time_ms, group, text))),
            Err(fault) => {
                notes.push(format!("{group}: {fault}; {}", fault.mend()));
                if !matches!(fault, AwsFault::Missing { .. }) {
                    break;
                }
            }
        }
    }
    said.sort_by_key(|line| line.time_ns);
    said
}

/// From when on lines are looked for: the id's own second, or as long as X-Ray would keep it where the id tells no time.
fn since(id: &TraceId) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let oldest = now.saturating_sub(KEPT);
    let told = id.seconds();
    if told > oldest && told < now + SKEW { told.saturating_sub(SKEW) } else { oldest }
}

async fn links(config: &Config, region: &str, trace: &Trace, groups: &[String]) -> Vec<Link> {
    let home = format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}");
    let mut links = vec![Link { name: "X-Ray", url: format!("{home}#xray:traces/{}", trace.xray_trace_id) }];
    let mut functions = groups.iter().filter(|group| !group.ends_with(ACCESS));
    if let (Some(group), None) = (functions.next(), functions.next()) {
        // The console escapes twice, and writes `$` for the second `%`.
        let group = group.replace('/', "$252F");
        links.push(Link { name: "CloudWatch", url: format!("{home}#logsV2:log-groups/log-group/{group}") });
    }
    links.extend(honeycomb(config, trace).await);
    links.extend(rollbar(trace));
    links
}

/// Rollbar's page of a death: no call finds an item by its trace, but the layer derives this one's uuid from the request.
fn rollbar(trace: &Trace) -> Option<Link> {
    let told = |name: &str| trace.spans.iter().find_map(|span| span.detail(name));
    let uuid = crudder_extension::death_uuid(told("request_id")?, &trace.trace_id.to_string());
    told("death").map(|_| Link { name: "Rollbar", url: format!("https://rollbar.com/occurrence/uuid/?uuid={uuid}") })
}

/// Honeycomb's page, where this shell's key tells whose environment it is in.
async fn honeycomb(config: &Config, trace: &Trace) -> Option<Link> {
    let key = config.honeycomb_key.as_ref().filter(|key| !key.is_arn())?;
    let doctor::Auth::Answered { status: 200, body } = doctor::ask_honeycomb(&Client::new(), config, key).await else {
        return None;
    };
    let (team, environment) = (body["team"]["slug"].as_str()?, body["environment"]["slug"].as_str()?);
    let (start, end) = trace.span_of_time()?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_are_sought_in_the_groups_of_the_functions_that_the_trace_names() {
        let group = |name: &str| ("AWS::Logs::LogGroup".to_owned(), format!("/crudder/dev/{name}"));
        let stack =
            Stack { resources: vec![group("home-activities"), group("messages"), group("api")], ..Stack::default() };
        let named = [json!({ "origin": "AWS::Lambda::Function", "name": "crudder-dev-messages" })];
        assert_eq!(groups(&stack, &named), ["/crudder/dev/messages", "/crudder/dev/api"]);
        assert_eq!(groups(&stack, &[]).len(), 3);
    }

    #[test]
    fn a_trace_is_whole_when_its_function_has_told_its_part_or_had_the_time_to() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let found = |documents: Vec<Value>| is_whole(&Traces { documents, ..Traces::default() });
        assert!(!found(vec![]));
        assert!(!found(vec![json!({ "end_time": now })]));
        assert!(found(vec![json!({ "end_time": now }), json!({ "type": "subsegment", "end_time": now })]));
        assert!(!found(vec![json!({ "type": "subsegment", "in_progress": true })]));
        assert!(found(vec![json!({ "end_time": now - 120.0 })]));
    }
}
