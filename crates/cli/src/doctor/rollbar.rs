//! Rollbar: which project a token belongs to, or whether it takes an item.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::finding::Finding;
use super::held::Kept;
use super::probe::with_causes;
use crate::aws::{Function, Held};
use crate::client::{Client, ClientError};
use crate::config::{Config, Key};

pub(super) const PLANE: &str = "Rollbar";
/// The variable that holds the posting token.
pub(super) const VARIABLE: &str = "ROLLBAR_ACCESS_TOKEN";
const TOKEN: Kept = Kept { plane: PLANE, variable: VARIABLE, noun: "token" };
const READING: &str = "ROLLBAR_READ_TOKEN";
const HEADER: &str = "x-rollbar-access-token";

/// The whole check: by the reading token where there is one, else by an item.
pub(crate) async fn check(client: &Client, config: &Config, stage: &str, function: Option<&Function>) -> Finding {
    let finding = match (&config.rollbar_token, &config.rollbar_read) {
        (Some(token), _) if token.is_arn() => Finding::wrong(
            PLANE,
            format!("{VARIABLE} only names where the token is kept, so the token was not checked"),
            format!("export {VARIABLE} with the token itself for doctor"),
        ),
        (_, Some(token)) => project(config, token, client).await,
        (Some(token), None) => item(config, token, stage, client).await,
        (None, None) => return without_token(function),
    };
    match (finding.mend.is_none(), &config.rollbar_token, function) {
        (true, Some(token), Some(function)) => TOKEN.beside(function, token, &finding.words),
        _ => finding,
    }
}

fn without_token(function: Option<&Function>) -> Finding {
    match function.map(|function| (function, function.holds(VARIABLE, None))) {
        Some((function, held)) if held != Held::Nothing => Finding::wrong(
            PLANE,
            format!(
                "{} has a token, and this shell has none to check: whether it works was not checked",
                function.name
            ),
            format!("export {VARIABLE} with the same token, or {READING}, and ask again"),
        ),
        _ => Finding::off(PLANE, format!("no {VARIABLE}")),
    }
}

async fn project(config: &Config, token: &Key, client: &Client) -> Finding {
    // Items are posted to …/api/1/item/; projects are read beside them.
    let base = config.rollbar_endpoint.trim_end_matches('/').trim_end_matches("/item");
    let url = format!("{base}/project");
    match client.send(client.get(&url).header(HEADER, token.reveal()), &url).await {
        Ok(answer) => named(answer.status, &answer.json(), config.rollbar_token.is_some()),
        Err(error) => unreachable(&error),
    }
}

fn named(status: u16, body: &Value, posts: bool) -> Finding {
    if status != 200 {
        return refused(status, READING);
    }
    let name = body["result"]["name"].as_str().unwrap_or("without a name");
    let unchecked = match posts {
        true => {
            format!("that {VARIABLE} belongs to it was not checked: without {READING} doctor posts an item with it")
        }
        false => format!("no {VARIABLE} was checked"),
    };
    Finding::ok(PLANE, format!("{READING} reads project {name}; {unchecked}"))
}

/// Posts a debug item: no call that only reads accepts a posting token.
async fn item(config: &Config, token: &Key, stage: &str, client: &Client) -> Finding {
    let (uuid, url) = (uuid::Uuid::new_v4().to_string(), config.rollbar_endpoint.as_str());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let item = json!({ "data": {
        "environment": config.rollbar_environment.as_deref().unwrap_or(stage), "level": "debug", "timestamp": now, "uuid": uuid,
        "title": "crudder doctor", "fingerprint": "crudder-doctor",
        "body": { "message": { "body": "crudder doctor: the token is taken" } },
        "notifier": { "name": "crudder-doctor", "version": env!("CARGO_PKG_VERSION") },
    } });
    let request = client.post(url).header(HEADER, token.reveal()).header("content-type", "application/json");
    match client.send(request.body(item.to_string()), url).await {
        Ok(answer) => posted(answer.status, &uuid),
        Err(error) => unreachable(&error),
    }
}

fn posted(status: u16, uuid: &str) -> Finding {
    if status != 200 {
        return refused(status, VARIABLE);
    }
    let link = format!("https://rollbar.com/occurrence/uuid/?uuid={uuid}");
    let words =
        format!("the token is taken; see in which project at {link} (filters hide debug items: the link does not)");
    Finding::ok(PLANE, words)
}

fn refused(status: u16, variable: &str) -> Finding {
    let (words, mend) = match (status, variable) {
        (401 | 403, READING) => {
            ("does not take the reading token", "make one with the scope \"read\" in the project's settings")
        }
        (401 | 403, _) => {
            ("does not take the token", "take one with the scope \"post_server_item\" of the right project")
        }
        (429, _) => ("limits the token", "wait, or raise the token's rate limit in the project's settings"),
        (422, _) => ("does not like the item", "look at ROLLBAR_ENVIRONMENT"),
        _ => ("is not itself", "see https://status.rollbar.com and ask again"),
    };
    Finding::wrong(PLANE, format!("Rollbar {words} ({status})"), format!("{mend}; the variable is {variable}"))
}

fn unreachable(error: &ClientError) -> Finding {
    Finding::wrong(PLANE, with_causes(error), "look at ROLLBAR_ENDPOINT and at the network")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn each_answer_has_its_verdict_and_names_its_variable() {
        let project = json!({ "result": { "name": "crudder" } });
        let named = named(200, &project, true);
        assert!(named.words.contains("project crudder") && named.words.contains("was not checked"), "{named:?}");
        assert!(posted(200, "u-1").words.contains("uuid=u-1"));
        for (finding, variable) in
            [(posted(403, ""), VARIABLE), (posted(429, ""), VARIABLE), (refused(403, READING), READING)]
        {
            assert_eq!(finding.verdict, Verdict::Wrong);
            assert!(finding.mend.as_ref().unwrap().ends_with(variable), "{finding:?}");
        }
    }
}
