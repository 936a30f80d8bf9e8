//! The planes of a `crudder local`: what its console has of the requests that doctor makes.

use std::time::Duration;

use serde_json::Value;

use super::finding::Finding;
use super::probe::{Probe, with_causes};
use super::{honeycomb, rollbar};
use crate::backoff;
use crate::client::{Client, ClientError};
use crate::config::Config;

/// An ordinary request: it reaches the table.
const ORDINARY: &str = "/api/activities/home";
/// One that reports a warning.
const REPORTING: &str = "/rollbar/test";

/// In dense traffic what a request says leaves with the next one, and an environment at rest sends nothing. A request of the same
/// function after a rest of more than two seconds is no dense traffic: the layer sends all it has before it rests again.
const REST: Duration = Duration::from_millis(2_500);

/// What the console has of a request, once all that is waited for is there.
type Known = Result<Value, ClientError>;

pub(crate) async fn check(
    client: &Client,
    config: &Config,
    console: &str,
    about: &Value,
    patience: Duration,
) -> Vec<Finding> {
    let api = about["api"].as_str().unwrap_or_default();
    let ordinary = Probe::make(client, api, ORDINARY).await;
    let first = ordinary.finding(api, ORDINARY);
    if !ordinary.was_answered() {
        return vec![first];
    }
    let wanted = ["segments", "lines", "spans"];
    let mut known = wait(client, console, &ordinary, &wanted, patience.min(REST)).await;
    if !known.as_ref().is_ok_and(|trace| has_all(trace, &wanted)) {
        Probe::make(client, api, ORDINARY).await;
        known = wait(client, console, &ordinary, &wanted, patience).await;
    }
    let reporting = Probe::make(client, api, REPORTING).await;
    let reported = wait(client, console, &reporting, &["reports"], patience).await;
    let relayed = |vendor: &str| about["relayed"].as_array().is_some_and(|all| all.iter().any(|one| one == vendor));
    let mut findings = vec![
        first,
        plane("X-Ray", &known, "segments", "the fake of its daemon has no segment of the request"),
        plane("CloudWatch", &known, "lines", "no log line of the request was heard"),
        plane(honeycomb::PLANE, &known, "spans", "its fake has no span of the request"),
        plane(rollbar::PLANE, &reported, "reports", "its fake has no item of GET /rollbar/test"),
    ];
    // With a key in this shell, the vendor itself is asked too.
    if config.honeycomb_key.is_some() {
        findings.push(with_relay(honeycomb::check(client, config, None).await, relayed("honeycomb")));
    }
    if config.rollbar_token.is_some() || config.rollbar_read.is_some() {
        findings.push(with_relay(rollbar::check(client, config, "local", None).await, relayed("rollbar")));
    }
    findings
}

/// A key in this shell is not a key in the other one, where `crudder local` runs.
fn with_relay(mut finding: Finding, is_relayed: bool) -> Finding {
    if finding.mend.is_none() && !is_relayed {
        finding.words.push_str("; this `crudder local` was started without the key, and sends to the fake only");
    }
    finding
}

async fn wait(client: &Client, console: &str, probe: &Probe, wanted: &[&str], patience: Duration) -> Known {
    let url = format!("{console}/api/traces/{}", probe.id);
    let found =
        backoff::until(patience, async || Ok(client.find(&url).await?.filter(|trace| has_all(trace, wanted)))).await?;
    // What is there in part tells which plane is blind.
    Ok(found.unwrap_or(client.find(&url).await?.unwrap_or_default()))
}

fn has_all(trace: &Value, wanted: &[&str]) -> bool {
    wanted.iter().all(|name| trace[*name].as_array().is_some_and(|list| !list.is_empty()))
}

fn plane(plane: &'static str, known: &Known, list: &str, blind: &str) -> Finding {
    let known = match known {
        Ok(known) => known,
        Err(error) => return Finding::wrong(plane, with_causes(error), "is `crudder local` still running?"),
    };
    match known[list].as_array().map_or(0, Vec::len) {
        0 => Finding::wrong(
            plane,
            blind,
            "see what `crudder local` prints; the layer's own lines are in the console's log",
        ),
        1 => Finding::ok(plane, format!("1 {} of the request", list.trim_end_matches('s'))),
        count => Finding::ok(plane, format!("{count} {list} of the request")),
    }
}
