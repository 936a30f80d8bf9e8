//! Honeycomb: whose key it is, where its data lands, what it may do.

use serde_json::Value;

use super::finding::Finding;
use super::held::Kept;
use super::probe::with_causes;
use crate::aws::Function;
use crate::client::Client;
use crate::config::{Config, Key};

pub(super) const PLANE: &str = "Honeycomb";
/// The variable that holds the key.
pub(super) const VARIABLE: &str = "HONEYCOMB_API_KEY";

const KEY: Kept = Kept { plane: PLANE, variable: VARIABLE, noun: "key" };

/// The variable that names the region's host.
const ENDPOINT: &str = "HONEYCOMB_API_ENDPOINT";

/// What a key's shape tells, before anybody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Modern,
    /// Sends to the classic environment, and must name a dataset.
    Classic,
    /// Manages a team, and can't send.
    Management,
}

fn kind(key: &Key) -> Kind {
    let text = key.reveal();
    // `hc`, a letter for the region, two for the kind.
    let marked = |mark: &str| text.starts_with("hc") && text.get(3..6) == Some(mark);
    if marked("mk_") {
        Kind::Management
    } else if marked("ic_") || (text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        Kind::Classic
    } else {
        Kind::Modern
    }
}

/// What `GET /1/auth` answered.
#[derive(Debug)]
pub(crate) enum Auth {
    Answered { status: u16, body: Value },
    Unreachable(String),
}

/// Asks whose key it is.
pub(crate) async fn ask(client: &Client, config: &Config, key: &Key) -> Auth {
    let url = format!("{}/1/auth", config.honeycomb_endpoint);
    match client.send(client.get(&url).header("x-honeycomb-team", key.reveal()), &url).await {
        Ok(answer) => Auth::Answered { status: answer.status, body: answer.json() },
        Err(error) => Auth::Unreachable(with_causes(&error)),
    }
}

/// The whole check, for a key of this shell and the functions that should hold the same one.
pub(crate) async fn check(client: &Client, config: &Config, function: Option<&Function>) -> Finding {
    let Some(key) = &config.honeycomb_key else { return without_key(function) };
    if key.is_arn() {
        return Finding::wrong(
            PLANE,
            format!("{VARIABLE} only names where the key is kept, so the key was not checked"),
            format!("export {VARIABLE} with the key itself for doctor"),
        );
    }
    verdict(config, key, &ask(client, config, key).await, function)
}

fn without_key(function: Option<&Function>) -> Finding {
    use crate::aws::Held;
    match function.map(|function| (function, function.holds(VARIABLE, None))) {
        Some((function, held)) if held != Held::Nothing => Finding::wrong(
            PLANE,
            format!("{} has a key, and this shell has none to check: whether it works was not checked", function.name),
            format!("export {VARIABLE} with the same key, and ask again"),
        ),
        _ => Finding::off(PLANE, format!("no {VARIABLE}")),
    }
}

fn verdict(config: &Config, key: &Key, auth: &Auth, function: Option<&Function>) -> Finding {
    let host = config.honeycomb_endpoint.as_str();
    let wrong = |words: String, mend: &str| Finding::wrong(PLANE, words, mend);
    if kind(key) == Kind::Management {
        return wrong(
            "this is a management key, which can't send".to_owned(),
            "make an ingest key in the environment's settings",
        );
    }
    let (status, body) = match auth {
        Auth::Answered { status, body } => (*status, body),
        Auth::Unreachable(why) => return wrong(why.clone(), "look at HONEYCOMB_API_ENDPOINT and at the network"),
    };
    match status {
        200 => known(config, key, body, function),
        401 | 403 => wrong(
            format!("{host} does not know the key"),
            "copy it whole; a key of the EU needs HONEYCOMB_API_ENDPOINT=https://api.eu1.honeycomb.io; a disabled one must be made anew",
        ),
        429 => wrong(format!("{host} limits us"), "wait a minute and ask again"),
        status => wrong(format!("{host} answered {status}"), "see https://status.honeycomb.io and ask again"),
    }
}

/// The key is known: whose it is, and whether it does for us.
fn known(config: &Config, key: &Key, body: &Value, function: Option<&Function>) -> Finding {
    let text = |what: &Value| what.as_str().unwrap_or_default().to_owned();
    let (team, environment) = (text(&body["team"]["slug"]), text(&body["environment"]["slug"]));
    let may = |what: &str| body["api_key_access"][what] == true;
    let place = if environment.is_empty() {
        "the classic environment".to_owned()
    } else {
        format!("environment {environment}")
    };
    let whose = format!("{} key of team {team}, {place}, at {}", text(&body["type"]), config.honeycomb_endpoint);
    if kind(key) == Kind::Classic && config.honeycomb_dataset.is_none() {
        let mend = "set HONEYCOMB_DATASET beside it, or make a key in an environment";
        return Finding::wrong(PLANE, format!("{whose}: a classic key without a dataset is refused"), mend);
    }
    if !may("events") {
        let mend = "give the key the permission \"send events\", or make an ingest key";
        return Finding::wrong(PLANE, format!("{whose}: it may not send"), mend);
    }
    let dataset = config.honeycomb_dataset.as_deref().filter(|_| kind(key) == Kind::Classic);
    let dataset = dataset.unwrap_or(&config.honeycomb_service);
    let may_create = if may("createDatasets") {
        format!("dataset {dataset}")
    } else {
        format!("it may not create datasets, and whether {dataset} exists was not checked")
    };
    beside(function, config, key, &format!("{whose}; {may_create}"))
}

/// What is known of the key, held against the function that should use it.
fn beside(function: Option<&Function>, config: &Config, key: &Key, words: &str) -> Finding {
    let Some(function) = function else { return Finding::ok(PLANE, words) };
    let name = &function.name;
    if sends_elsewhere(function, config) {
        return Finding::wrong(
            PLANE,
            format!("{words}; but {name} sends to another host, where the key is not known"),
            format!("deploy with {ENDPOINT}={}", config.honeycomb_endpoint),
        );
    }
    KEY.beside(function, key, words)
}

/// Honeycomb's regions do not know each other's keys. What is no host of Honeycomb's here is a fake, and says nothing of functions.
fn sends_elsewhere(function: &Function, config: &Config) -> bool {
    use crate::aws::Held;
    match function.holds(ENDPOINT, Some(&config.honeycomb_endpoint)) {
        Held::Same => false,
        Held::Nothing => config.honeycomb_endpoint.ends_with(".eu1.honeycomb.io"),
        Held::Other | Held::Arn => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use serde_json::json;

    const INGEST: &str = "hcaik_01hqk4k20cjeh63wca8vva5stw01hqk4k20cjeh63wca8vva5stwabcdef";

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn told(config: &Config, status: u16, body: Value) -> Finding {
        verdict(config, config.honeycomb_key.as_ref().unwrap(), &Auth::Answered { status, body }, None)
    }

    fn body(environment: &str, events: bool, create: bool) -> Value {
        json!({ "type": "ingest", "team": { "slug": "acme" }, "environment": { "slug": environment },
            "api_key_access": { "events": events, "createDatasets": create } })
    }

    #[test]
    fn each_answer_has_its_verdict_and_its_mend() {
        let modern = config(&[(VARIABLE, INGEST)]);
        for (status, body, verdict, said) in [
            (200, body("crudder", true, true), Verdict::Ok, "ingest key of team acme, environment crudder"),
            (200, body("crudder", true, false), Verdict::Ok, "may not create datasets"),
            (200, body("crudder", false, true), Verdict::Wrong, "it may not send"),
            (401, json!({}), Verdict::Wrong, "does not know the key"),
            (429, json!({}), Verdict::Wrong, "limits us"),
            (500, json!({}), Verdict::Wrong, "answered 500"),
        ] {
            let finding = told(&modern, status, body);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.words.contains(said) && !format!("{finding:?}").contains("01hqk"), "{finding:?}");
            assert_eq!(finding.mend.is_some(), verdict == Verdict::Wrong);
        }
    }

    #[test]
    fn a_classic_key_needs_a_dataset_and_a_management_key_can_not_send() {
        let classic = "0123456789abcdef0123456789abcdef";
        assert_eq!(told(&config(&[(VARIABLE, classic)]), 200, body("", true, true)).verdict, Verdict::Wrong);
        let with = config(&[(VARIABLE, classic), ("HONEYCOMB_DATASET", "mine")]);
        let finding = told(&with, 200, body("", true, true));
        assert!(finding.verdict == Verdict::Ok && finding.words.contains("dataset mine"), "{finding:?}");
        let management = config(&[(VARIABLE, "hcamk_01hqk4k20cjeh63wca8vva5stw")]);
        assert!(told(&management, 401, json!({})).words.contains("management key"));
    }

    #[test]
    fn functions_that_send_to_the_other_region_are_told() {
        let eu = "https://api.eu1.honeycomb.io";
        let config = config(&[(VARIABLE, INGEST), (ENDPOINT, eu)]);
        let found = |variables: Value| {
            let function = Function::of_variables(variables);
            let auth = Auth::Answered { status: 200, body: body("crudder", true, true) };
            verdict(&config, config.honeycomb_key.as_ref().unwrap(), &auth, Some(&function))
        };
        assert_eq!(found(json!({ VARIABLE: INGEST, ENDPOINT: eu })).verdict, Verdict::Ok);
        for elsewhere in
            [json!({ VARIABLE: INGEST }), json!({ VARIABLE: INGEST, ENDPOINT: "https://api.honeycomb.io" })]
        {
            let finding = found(elsewhere);
            assert!(finding.words.contains("sends to another host"), "{finding:?}");
        }
    }
}
