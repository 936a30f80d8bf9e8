//! Checks Rollbar: which project a token belongs to, or whether Rollbar accepts an item with it.

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_text::error_chain;
use serde_json::{Value, json};

use super::finding::Finding;
use super::key_match::KeyVariable;
use crate::aws::{Function, KeyMatch};
use crate::config::{Config, Key};
use crate::http::{HttpClient, HttpError};

pub(super) const COMPONENT: &str = "Rollbar";
/// The variable that holds the token for posting items.
pub(super) const VARIABLE: &str = "ROLLBAR_ACCESS_TOKEN";
/// The variable that holds the token for reading the project.
const READ_VARIABLE: &str = "ROLLBAR_READ_TOKEN";
const TOKEN: KeyVariable = KeyVariable { component: COMPONENT, variable: VARIABLE, noun: "token" };
const HEADER: &str = "x-rollbar-access-token";

/// Checks the tokens of this shell: the read token if there is one, otherwise the access token by
/// posting an item.
///
/// For a deployed stack, also checks whether the function has the same access token.
pub(crate) async fn check(http: &HttpClient, config: &Config, stage: &str, function: Option<&Function>) -> Finding {
    let finding = match (&config.rollbar_token, &config.rollbar_read_token) {
        (Some(token), _) if token.is_arn() => Finding::failed(
            COMPONENT,
            format!("{VARIABLE} holds an ARN instead of the token, so the token was not checked"),
            format!("export {VARIABLE} with the token itself when you run doctor"),
        ),
        (_, Some(token)) => read_project(config, token, http).await,
        (Some(token), None) => post_item(config, token, stage, http).await,
        (None, None) => return without_token(function),
    };
    match (finding.fix.is_none(), &config.rollbar_token, function) {
        (true, Some(token), Some(function)) => TOKEN.compare(function, token, &finding.message),
        _ => finding,
    }
}

fn without_token(function: Option<&Function>) -> Finding {
    match function.map(|function| (function, function.match_key(VARIABLE, None))) {
        Some((function, key)) if key != KeyMatch::Unset => Finding::failed(
            COMPONENT,
            format!("{} has a token that was not checked, because this shell does not have it", function.name),
            format!("export {VARIABLE} with the same token, or {READ_VARIABLE}, and run doctor again"),
        ),
        _ => Finding::disabled(COMPONENT, format!("{VARIABLE} is not set")),
    }
}

async fn read_project(config: &Config, token: &Key, http: &HttpClient) -> Finding {
    // Items are posted to …/api/1/item/; the project is at …/api/1/project.
    let base = config.rollbar_endpoint.trim_end_matches('/').trim_end_matches("/item");
    let url = format!("{base}/project");
    match http.send(http.get(&url).header(HEADER, token.reveal()), &url).await {
        Ok(response) => evaluate_project(response.status, &response.json(), config.rollbar_token.is_some()),
        Err(error) => no_response(&error),
    }
}

fn evaluate_project(status: u16, body: &Value, has_access_token: bool) -> Finding {
    if status != 200 {
        return refused(status, READ_VARIABLE);
    }
    let name = body["result"]["name"].as_str().unwrap_or("without a name");
    let unchecked = match has_access_token {
        true => format!(
            "whether {VARIABLE} belongs to it was not checked; unset {READ_VARIABLE} to check it by posting an item"
        ),
        false => format!("{VARIABLE} is not set and was not checked"),
    };
    Finding::ok(COMPONENT, format!("{READ_VARIABLE} reads project {name}; {unchecked}"))
}

/// Posts a debug item: an access token for posting cannot call any endpoint that only reads.
async fn post_item(config: &Config, token: &Key, stage: &str, http: &HttpClient) -> Finding {
    let (uuid, url) = (uuid::Uuid::new_v4().to_string(), config.rollbar_endpoint.as_str());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let environment = config.rollbar_environment.as_deref().unwrap_or(stage);
    let item = json!({ "data": {
        "environment": environment, "level": "debug", "timestamp": now, "uuid": uuid,
        "title": "crudder doctor", "fingerprint": "crudder-doctor",
        "body": { "message": { "body": "crudder doctor: Rollbar accepts this token" } },
        "notifier": { "name": "crudder-doctor", "version": env!("CARGO_PKG_VERSION") },
    } });
    let request = http.post(url).header(HEADER, token.reveal()).header("content-type", "application/json");
    match http.send(request.body(item.to_string()), url).await {
        Ok(response) => evaluate_item(response.status, &uuid),
        Err(error) => no_response(&error),
    }
}

fn evaluate_item(status: u16, uuid: &str) -> Finding {
    if status != 200 {
        return refused(status, VARIABLE);
    }
    let link = format!("https://rollbar.com/occurrence/uuid/?uuid={uuid}");
    let message = format!("Rollbar accepts the token; open {link} to see its project (filters may hide debug items)");
    Finding::ok(COMPONENT, message)
}

fn refused(status: u16, variable: &str) -> Finding {
    let (problem, fix) = match (status, variable) {
        (401 | 403, READ_VARIABLE) => {
            ("rejects the read token", "create one with the scope \"read\" in the project's settings")
        }
        (401 | 403, _) => ("rejects the token", "use a token of the right project with the scope \"post_server_item\""),
        (429, _) => ("rate-limits the token", "wait, or raise the token's rate limit in the project's settings"),
        (422, _) => ("rejects the item", "check ROLLBAR_ENVIRONMENT"),
        _ => ("failed", "check https://status.rollbar.com and run doctor again"),
    };
    let fix = format!("{fix}; the token is in {variable}");
    Finding::failed(COMPONENT, format!("Rollbar {problem} ({status})"), fix)
}

fn no_response(error: &HttpError) -> Finding {
    Finding::failed(COMPONENT, error_chain(error), "check ROLLBAR_ENDPOINT and the network")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn each_response_has_its_status_and_each_failure_names_the_variable() {
        let body = json!({ "result": { "name": "crudder" } });
        let project = evaluate_project(200, &body, true);
        assert!(
            project.message.contains("project crudder") && project.message.contains("was not checked"),
            "{project:?}"
        );
        assert!(evaluate_item(200, "u-1").message.contains("uuid=u-1"));
        for (finding, variable) in [
            (evaluate_item(403, ""), VARIABLE),
            (evaluate_item(429, ""), VARIABLE),
            (refused(403, READ_VARIABLE), READ_VARIABLE),
        ] {
            assert_eq!(finding.status, Status::Failed);
            assert!(finding.fix.as_ref().unwrap().ends_with(variable), "{finding:?}");
        }
    }
}
