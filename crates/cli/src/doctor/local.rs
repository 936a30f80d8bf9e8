//! Checks a `crudder local`: asks its console which destinations received doctor's requests.

use std::time::Duration;

use crudder_text::error_chain;
use serde_json::Value;

use super::finding::Finding;
use super::probe::Probe;
use super::{honeycomb, rollbar};
use crate::backoff;
use crate::config::Config;
use crate::http::{HttpClient, HttpError};

/// An ordinary request, which reads the table.
const ORDINARY: &str = "/api/activities/home";
/// A request that reports a warning.
const REPORTING: &str = "/rollbar/test";

/// In dense traffic the extension exports the telemetry of a request with the next one, and a
/// frozen environment sends nothing. A request of the same function after more than two seconds
/// without one is not dense traffic: the extension then sends all that it has before the
/// environment freezes again.
const IDLE: Duration = Duration::from_millis(2_500);

/// The console's JSON of a trace.
type ConsoleTrace = Result<Value, HttpError>;

/// Checks the API and each destination. `about` is the console's description of itself.
pub(crate) async fn check(
    http: &HttpClient,
    config: &Config,
    console: &str,
    about: &Value,
    timeout: Duration,
) -> Vec<Finding> {
    let api = about["api"].as_str().unwrap_or_default();
    let ordinary = Probe::send(http, api, ORDINARY).await;
    let api_finding = ordinary.finding(api, ORDINARY);
    if !ordinary.got_response() {
        return vec![api_finding];
    }
    let wanted = ["segments", "lines", "spans"];
    let mut trace = wait_for(http, console, &ordinary, &wanted, timeout.min(IDLE)).await;
    if !trace.as_ref().is_ok_and(|trace| has_all(trace, &wanted)) {
        Probe::send(http, api, ORDINARY).await;
        trace = wait_for(http, console, &ordinary, &wanted, timeout).await;
    }
    let reporting = Probe::send(http, api, REPORTING).await;
    let reported = wait_for(http, console, &reporting, &["reports"], timeout).await;
    let is_forwarded = |name: &str| about["relayed"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut findings = vec![
        api_finding,
        destination("X-Ray", &trace, "segments", "the fake X-Ray daemon received no segment of the request"),
        destination("CloudWatch", &trace, "lines", "there is no log line of the request"),
        destination(honeycomb::COMPONENT, &trace, "spans", "the fake received no span of the request"),
        destination(rollbar::COMPONENT, &reported, "reports", "the fake received no item of GET /rollbar/test"),
    ];
    // If this shell has a key, doctor also asks the real service.
    if config.honeycomb_key.is_some() {
        findings.push(note_missing_key(honeycomb::check(http, config, None).await, is_forwarded("honeycomb")));
    }
    if config.rollbar_token.is_some() || config.rollbar_read_token.is_some() {
        findings.push(note_missing_key(rollbar::check(http, config, "local", None).await, is_forwarded("rollbar")));
    }
    findings
}

/// Adds to an ok finding that `crudder local` does not use the key: it may run in a shell that does
/// not have it.
fn note_missing_key(mut finding: Finding, is_forwarded: bool) -> Finding {
    if finding.fix.is_none() && !is_forwarded {
        finding.message.push_str("; this `crudder local` was started without the key and sends to the fake only");
    }
    finding
}

/// Polls the console until the trace has all wanted lists; after the timeout, returns what there
/// is.
async fn wait_for(http: &HttpClient, console: &str, probe: &Probe, wanted: &[&str], timeout: Duration) -> ConsoleTrace {
    let url = format!("{console}/api/traces/{}", probe.id);
    let complete =
        backoff::poll_until(timeout, async || Ok(http.get_json(&url).await?.filter(|trace| has_all(trace, wanted))))
            .await?;
    // An incomplete trace shows which destination is missing.
    Ok(complete.unwrap_or(http.get_json(&url).await?.unwrap_or_default()))
}

fn has_all(trace: &Value, wanted: &[&str]) -> bool {
    wanted.iter().all(|name| trace[*name].as_array().is_some_and(|list| !list.is_empty()))
}

/// Evaluates what one destination received: the length of a list in the console's trace.
fn destination(component: &'static str, trace: &ConsoleTrace, list: &str, missing: &str) -> Finding {
    let trace = match trace {
        Ok(trace) => trace,
        Err(error) => {
            return Finding::failed(component, error_chain(error), "check that `crudder local` is still running");
        }
    };
    match trace[list].as_array().map_or(0, Vec::len) {
        0 => Finding::failed(
            component,
            missing,
            "read what `crudder local` prints; the extension's own log lines are in the console's log",
        ),
        1 => Finding::ok(component, format!("1 {} of the request", list.trim_end_matches('s'))),
        count => Finding::ok(component, format!("{count} {list} of the request")),
    }
}
