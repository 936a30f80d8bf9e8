//! Tests of what `crudder local` serves, and that its data survives a restart.

use rustix::process::Signal;
use serde_json::json;

use crate::local_process::{LocalProcess, bare_local, crudder_local};

#[tokio::test]
async fn it_prints_its_addresses_on_one_line_and_serves() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    assert!(local.api.starts_with("http://127.0.0.1:") && local.console.starts_with("http://127.0.0.1:"));
    assert_eq!(local.get("/api/health-check").await.0, 200);
    assert_eq!(local.messages().await, ["I am the other!", "This was imported as seed data!"]);
    let (_, rest) = local.end(Signal::INT).await;
    assert_eq!(rest, "", "standard output has only this line");
}

#[tokio::test]
async fn posts_survive_a_restart_which_does_not_add_the_sample_data_again() {
    let data = tempfile::tempdir().unwrap();
    let expected = ["Hello", "I am the other!", "This was imported as seed data!"];
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let (status, post) = local.post("Hello").await;
    assert_eq!((status, &post["handle"]), (200, &json!("andrewbrown")));
    let token = local.token("bayko").await;
    assert_eq!(local.messages().await, expected);
    local.end(Signal::INT).await;
    let again = LocalProcess::start(crudder_local(data.path())).await;
    assert_eq!(again.messages().await, expected);
    let groups = reqwest::Client::new().get(format!("{}/api/message_groups", again.api)).bearer_auth(token);
    let groups: serde_json::Value = groups.send().await.unwrap().json().await.unwrap();
    assert_eq!(groups.as_array().map(Vec::len), Some(1), "a token from before the restart is still valid: {groups}");
    assert_eq!(groups[0]["handle"], "andrewbrown");
    again.end(Signal::INT).await;
}

#[tokio::test]
async fn two_processes_do_not_affect_each_other() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) =
        tokio::join!(LocalProcess::start(crudder_local(one.path())), LocalProcess::start(crudder_local(other.path())));
    first.post("only here").await;
    let foreign = reqwest::Client::new().get(format!("{}/api/message_groups", second.api));
    let foreign = foreign.bearer_auth(first.token("andrewbrown").await).send().await.unwrap();
    assert_eq!(foreign.status(), 401, "each process has its own key");
    assert_eq!(second.messages().await.len(), 2);
    first.end(Signal::INT).await;
    assert_eq!(second.messages().await.len(), 2);
    second.end(Signal::INT).await;
}

#[tokio::test]
async fn a_request_is_found_by_the_trace_id_of_its_response() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let response = reqwest::get(format!("{}/api/activities/home", local.api)).await.unwrap();
    let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    let w3c = trace[2..].replace('-', "");
    for form in [&trace, &w3c] {
        local.wait_for_log_line(form, "Hello Cloudwatch! from  /api/activities/home").await;
    }
    let found = local.console(&format!("/api/traces/{trace}")).await;
    assert_eq!(found["xray_trace_id"], json!(trace));
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn the_console_signs_in_sample_users_only() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    for handle in ["andrewbrown", "altbrown", "bayko", "londo", "@londo"] {
        assert!(local.token(handle).await.split('.').count() == 3, "{handle}");
    }
    for (body, status, reason) in [
        (r#"{"handle":"nobody"}"#, 404, "not_found"),
        (r#"{"handle":7}"#, 422, "handle_blank"),
        ("{}", 422, "handle_blank"),
        ("[]", 422, "handle_blank"),
        ("{", 400, "malformed_json"),
    ] {
        assert_eq!(local.sign_in(body).await, (status, json!([reason])), "{body}");
    }
    assert_eq!(local.console("/.well-known/jwks.json").await["keys"][0]["kty"], "RSA");
    assert_eq!(local.console("/api/traces/nonsense").await, json!(["trace_id_malformed"]));
    assert_eq!(local.console("/nope").await, json!(["not_found"]));
    for list in ["letters", "reports", "traces"] {
        assert!(local.console(&format!("/api/{list}")).await[list].is_array(), "{list}");
    }
    assert!(local.console("/").await.as_str().is_some_and(|page| page.contains("<title>Crudder console</title>")));
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn its_environment_variables_reach_the_functions() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crudder_local(data.path());
    command.env("CRUDDER_FAULTS", "on").env("CRUDDER_CORS_ORIGIN", "https://page.example");
    let local = LocalProcess::start(command).await;
    let origin =
        |response: &reqwest::Response| response.headers()["access-control-allow-origin"].to_str().unwrap().to_owned();
    let served = reqwest::get(format!("{}/api/health-check", local.api)).await.unwrap();
    let refused = reqwest::get(format!("{}/nope", local.api)).await.unwrap();
    assert_eq!(
        (origin(&served), origin(&refused)),
        ("https://page.example".to_owned(), "https://page.example".to_owned())
    );
    assert_eq!(local.get("/rollbar/test?kind=exit").await, (502, json!(["generic_500"])));
    assert_eq!(local.get("/rollbar/test").await, (200, json!("Hello World!")));
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn the_services_are_enough_for_a_separately_started_function() {
    let data = tempfile::tempdir().unwrap();
    let mut command = bare_local();
    command.arg("--services").arg("--data").arg(data.path());
    let mut child = command.spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    let mut exports = std::collections::BTreeMap::new();
    while !exports.contains_key("ROLLBAR_ENDPOINT") {
        let line = lines.next_line().await.unwrap().expect("ROLLBAR_ENDPOINT is the last line");
        let (name, value) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')).expect("an export line");
        exports.insert(name.to_owned(), value.to_owned());
    }
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_XRAY_DAEMON_ADDRESS",
        "CRUDDER_STAGE",
        "CRUDDER_TABLE",
        "HONEYCOMB_API_ENDPOINT",
        "HONEYCOMB_API_KEY",
        "ROLLBAR_ACCESS_TOKEN",
    ] {
        assert!(exports.contains_key(name), "{name} is missing in {exports:?}");
    }
    assert_eq!(reqwest::get(&exports["AWS_ENDPOINT_URL_DYNAMODB"]).await.unwrap().status(), 200);
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(id, Signal::TERM).unwrap();
    assert!(child.wait().await.unwrap().success());
}
