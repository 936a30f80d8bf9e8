//! Checks Honeycomb: what a key belongs to and permits, and whether the functions use it.

use serde_json::Value;

use super::finding::Finding;
use super::key_match::KeyVariable;
use crate::aws::{Function, KeyMatch};
use crate::config::{Config, Key};
use crate::honeycomb_auth::{self, Auth};
use crate::http::HttpClient;

pub(super) const COMPONENT: &str = "Honeycomb";
/// The variable that holds the key.
pub(super) const VARIABLE: &str = "HONEYCOMB_API_KEY";
/// The variable that selects the host of a region.
const ENDPOINT: &str = "HONEYCOMB_API_ENDPOINT";

const KEY: KeyVariable = KeyVariable { component: COMPONENT, variable: VARIABLE, noun: "key" };

/// The kind of a key, which its text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    /// Belongs to an environment.
    Environment,
    /// Belongs to the classic environment, and needs a dataset.
    Classic,
    /// Manages a team, and cannot send events.
    Management,
}

fn key_kind(key: &Key) -> KeyKind {
    let text = key.reveal();
    // `hc`, one letter for the region, two letters for the kind, `_`.
    let has_kind = |kind: &str| text.starts_with("hc") && text.get(3..6) == Some(kind);
    if has_kind("mk_") {
        KeyKind::Management
    } else if has_kind("ic_") || (text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        KeyKind::Classic
    } else {
        KeyKind::Environment
    }
}

/// Checks the key of this shell and, for a deployed stack, whether the function has the same one.
pub(crate) async fn check(http: &HttpClient, config: &Config, function: Option<&Function>) -> Finding {
    let Some(key) = &config.honeycomb_key else { return without_key(function) };
    if key.is_arn() {
        return Finding::failed(
            COMPONENT,
            format!("{VARIABLE} holds an ARN instead of the key, so the key was not checked"),
            format!("export {VARIABLE} with the key itself when you run doctor"),
        );
    }
    evaluate(config, key, &honeycomb_auth::fetch(http, config, key).await, function)
}

fn without_key(function: Option<&Function>) -> Finding {
    match function.map(|function| (function, function.match_key(VARIABLE, None))) {
        Some((function, key)) if key != KeyMatch::Unset => Finding::failed(
            COMPONENT,
            format!("{} has a key that was not checked, because this shell does not have it", function.name),
            format!("export {VARIABLE} with the same key and run doctor again"),
        ),
        _ => Finding::disabled(COMPONENT, format!("{VARIABLE} is not set")),
    }
}

fn evaluate(config: &Config, key: &Key, auth: &Auth, function: Option<&Function>) -> Finding {
    let host = config.honeycomb_endpoint.as_str();
    let failed = |message: String, fix: &str| Finding::failed(COMPONENT, message, fix);
    if key_kind(key) == KeyKind::Management {
        return failed(
            format!("{VARIABLE} is a management key, which cannot send events"),
            "create an ingest key in the environment's settings",
        );
    }
    let (status, body) = match auth {
        Auth::Response { status, body } => (*status, body),
        Auth::NoResponse(error) => return failed(error.clone(), "check HONEYCOMB_API_ENDPOINT and the network"),
    };
    match status {
        200 => evaluate_access(config, key, body, function),
        401 | 403 => failed(
            format!("{host} does not know the key"),
            "copy the whole key; a key from the EU needs HONEYCOMB_API_ENDPOINT=https://api.eu1.honeycomb.io; \
             replace a disabled key",
        ),
        429 => failed(format!("{host} rate-limits the key"), "wait a minute and run doctor again"),
        status => {
            failed(format!("{host} returned status {status}"), "check https://status.honeycomb.io and run doctor again")
        }
    }
}

/// Evaluates what a valid key belongs to and what it permits.
fn evaluate_access(config: &Config, key: &Key, body: &Value, function: Option<&Function>) -> Finding {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (team, environment) = (text(&body["team"]["slug"]), text(&body["environment"]["slug"]));
    let may = |permission: &str| body["api_key_access"][permission] == true;
    let place = if environment.is_empty() {
        "the classic environment".to_owned()
    } else {
        format!("environment {environment}")
    };
    let owner = format!("{} key of team {team}, {place}, at {}", text(&body["type"]), config.honeycomb_endpoint);
    let is_classic = key_kind(key) == KeyKind::Classic;
    if is_classic && config.honeycomb_dataset.is_none() {
        let fix = "set HONEYCOMB_DATASET as well, or create a key in an environment";
        return Finding::failed(COMPONENT, format!("{owner}; Honeycomb refuses a classic key without a dataset"), fix);
    }
    if !may("events") {
        let fix = "give the key the permission \"send events\", or create an ingest key";
        return Finding::failed(COMPONENT, format!("{owner}; the key may not send events"), fix);
    }
    let dataset = config.honeycomb_dataset.as_deref().filter(|_| is_classic);
    let dataset = dataset.unwrap_or(&config.honeycomb_service);
    let access = if may("createDatasets") {
        format!("dataset {dataset}")
    } else {
        format!("the key may not create datasets, and whether dataset {dataset} exists was not checked")
    };
    compare(function, config, key, &format!("{owner}; {access}"))
}

/// Compares the key and the host of this shell with the function's.
fn compare(function: Option<&Function>, config: &Config, key: &Key, message: &str) -> Finding {
    let Some(function) = function else { return Finding::ok(COMPONENT, message) };
    if has_other_host(function, config) {
        return Finding::failed(
            COMPONENT,
            format!("{message}; but {} sends to another host, which does not know this key", function.name),
            format!("deploy with {ENDPOINT}={}", config.honeycomb_endpoint),
        );
    }
    KEY.compare(function, key, message)
}

/// Whether the function sends to another host. Honeycomb's regions do not know each other's keys.
///
/// A host of this shell that is not Honeycomb's is a fake, and proves nothing if the function's
/// variable is unset.
fn has_other_host(function: &Function, config: &Config) -> bool {
    match function.match_key(ENDPOINT, Some(&config.honeycomb_endpoint)) {
        KeyMatch::Same => false,
        KeyMatch::Unset => config.honeycomb_endpoint.ends_with(".eu1.honeycomb.io"),
        KeyMatch::Different | KeyMatch::Arn => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;
    use serde_json::json;

    const INGEST_KEY: &str = "hcaik_01hqk4k20cjeh63wca8vva5stw01hqk4k20cjeh63wca8vva5stwabcdef";

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
            .unwrap()
    }

    fn finding(config: &Config, status: u16, body: Value) -> Finding {
        evaluate(config, config.honeycomb_key.as_ref().unwrap(), &Auth::Response { status, body }, None)
    }

    fn body(environment: &str, events: bool, create: bool) -> Value {
        json!({ "type": "ingest", "team": { "slug": "acme" }, "environment": { "slug": environment },
            "api_key_access": { "events": events, "createDatasets": create } })
    }

    #[test]
    fn each_response_has_its_status_and_each_failure_a_fix() {
        let config = config(&[(VARIABLE, INGEST_KEY)]);
        for (code, body, status, expected) in [
            (200, body("crudder", true, true), Status::Ok, "ingest key of team acme, environment crudder"),
            (200, body("crudder", true, false), Status::Ok, "may not create datasets"),
            (200, body("crudder", false, true), Status::Failed, "the key may not send events"),
            (401, json!({}), Status::Failed, "does not know the key"),
            (429, json!({}), Status::Failed, "rate-limits the key"),
            (500, json!({}), Status::Failed, "returned status 500"),
        ] {
            let finding = finding(&config, code, body);
            assert_eq!(finding.status, status, "{finding:?}");
            assert!(finding.message.contains(expected) && !format!("{finding:?}").contains("01hqk"), "{finding:?}");
            assert_eq!(finding.fix.is_some(), status == Status::Failed);
        }
    }

    #[test]
    fn a_classic_key_needs_a_dataset_and_a_management_key_cannot_send() {
        let classic = "0123456789abcdef0123456789abcdef";
        assert_eq!(finding(&config(&[(VARIABLE, classic)]), 200, body("", true, true)).status, Status::Failed);
        let with_dataset = config(&[(VARIABLE, classic), ("HONEYCOMB_DATASET", "mine")]);
        let found = finding(&with_dataset, 200, body("", true, true));
        assert!(found.status == Status::Ok && found.message.contains("dataset mine"), "{found:?}");
        let management = config(&[(VARIABLE, "hcamk_01hqk4k20cjeh63wca8vva5stw")]);
        assert!(finding(&management, 401, json!({})).message.contains("management key"));
    }

    #[test]
    fn functions_that_send_to_the_other_region_are_reported() {
        let eu = "https://api.eu1.honeycomb.io";
        let config = config(&[(VARIABLE, INGEST_KEY), (ENDPOINT, eu)]);
        let found = |variables: Value| {
            let function = Function::of_variables(variables);
            let auth = Auth::Response { status: 200, body: body("crudder", true, true) };
            evaluate(&config, config.honeycomb_key.as_ref().unwrap(), &auth, Some(&function))
        };
        assert_eq!(found(json!({ VARIABLE: INGEST_KEY, ENDPOINT: eu })).status, Status::Ok);
        for other_region in
            [json!({ VARIABLE: INGEST_KEY }), json!({ VARIABLE: INGEST_KEY, ENDPOINT: "https://api.honeycomb.io" })]
        {
            let finding = found(other_region);
            assert!(finding.message.contains("sends to another host"), "{finding:?}");
        }
    }
}
