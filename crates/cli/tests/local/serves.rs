//! What it serves, and that it is still there after a restart.

use rustix::process::Signal;
use serde_json::json;

use crate::command::{Running, bare, crudder};

#[tokio::test]
async fn it_prints_one_line_of_addresses_and_serves() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    assert!(running.api.starts_with("http://127.0.0.1:") && running.console.starts_with("http://127.0.0.1:"));
    assert_eq!(running.get("/api/health-check").await.0, 200);
    assert_eq!(running.messages().await, ["I am the other!", "This was imported as seed data!"]);
    let (_, rest) = running.end(Signal::INT).await;
    assert_eq!(rest, "", "nothing but the line may stand on standard output");
}

#[tokio::test]
async fn a_post_is_read_back_also_after_a_restart_which_seeds_nothing_twice() {
    let data = tempfile::tempdir().unwrap();
    let wanted = ["Hello", "I am the other!", "This was imported as seed data!"];
    let running = Running::start(crudder(data.path())).await;
    let (status, post) = running.post("Hello").await;
    assert_eq!((status, &post["handle"]), (200, &json!("andrewbrown")));
    let token = running.token("bayko").await;
    assert_eq!(running.messages().await, wanted);
    running.end(Signal::INT).await;
    let again = Running::start(crudder(data.path())).await;
    assert_eq!(again.messages().await, wanted);
    let groups = reqwest::Client::new().get(format!("{}/api/message_groups", again.api)).bearer_auth(token);
    let groups: serde_json::Value = groups.send().await.unwrap().json().await.unwrap();
    assert_eq!(groups.as_array().map(Vec::len), Some(1), "a token of before the restart is still good: {groups}");
    assert_eq!(groups[0]["handle"], "andrewbrown");
    again.end(Signal::INT).await;
}

#[tokio::test]
async fn two_at_once_do_not_disturb_each_other() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = tokio::join!(Running::start(crudder(one.path())), Running::start(crudder(other.path())));
    first.post("only here").await;
    let foreign = reqwest::Client::new().get(format!("{}/api/message_groups", second.api));
    let foreign = foreign.bearer_auth(first.token("andrewbrown").await).send().await.unwrap();
    assert_eq!(foreign.status(), 401, "each has a key of its own");
    assert_eq!(second.messages().await.len(), 2);
    first.end(Signal::INT).await;
    assert_eq!(second.messages().await.len(), 2);
    second.end(Signal::INT).await;
}

#[tokio::test]
async fn a_request_is_found_again_by_the_trace_id_of_its_answer() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    let answer = reqwest::get(format!("{}/api/activities/home", running.api)).await.unwrap();
    let trace = answer.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    let w3c = trace[2..].replace('-', "");
    for form in [&trace, &w3c] {
        running.log_line(form, "Hello Cloudwatch! from  /api/activities/home").await;
    }
    let found = running.console(&format!("/api/traces/{trace}")).await;
    assert_eq!(found["xray_trace_id"], json!(trace));
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn the_console_signs_sample_users_in_and_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    for handle in ["andrewbrown", "altbrown", "bayko", "londo", "@londo"] {
        assert!(running.token(handle).await.split('.').count() == 3, "{handle}");
    }
    for (body, status, reason) in [
        (r#"{"handle":"nobody"}"#, 404, "not_found"),
        (r#"{"handle":7}"#, 422, "handle_blank"),
        ("{}", 422, "handle_blank"),
        ("[]", 422, "handle_blank"),
        ("{", 400, "malformed_json"),
    ] {
        assert_eq!(running.sign_in(body).await, (status, json!([reason])), "{body}");
    }
    assert_eq!(running.console("/.well-known/jwks.json").await["keys"][0]["kty"], "RSA");
    assert_eq!(running.console("/api/traces/nonsense").await, json!(["trace_id_malformed"]));
    assert_eq!(running.console("/nope").await, json!(["not_found"]));
    for list in ["letters", "reports", "traces"] {
        assert!(running.console(&format!("/api/{list}")).await[list].is_array(), "{list}");
    }
    assert!(running.console("/").await.as_str().is_some_and(|page| page.contains("<title>Crudder console</title>")));
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn its_own_variables_reach_the_functions() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crudder(data.path());
    command.env("CRUDDER_FAULTS", "on").env("CRUDDER_CORS_ORIGIN", "https://page.example");
    let running = Running::start(command).await;
    let origin =
        |answer: &reqwest::Response| answer.headers()["access-control-allow-origin"].to_str().unwrap().to_owned();
    let served = reqwest::get(format!("{}/api/health-check", running.api)).await.unwrap();
    let refused = reqwest::get(format!("{}/nope", running.api)).await.unwrap();
    assert_eq!(
        (origin(&served), origin(&refused)),
        ("https://page.example".to_owned(), "https://page.example".to_owned())
    );
    assert_eq!(running.get("/rollbar/test?kind=exit").await, (502, json!(["generic_500"])));
    assert_eq!(running.get("/rollbar/test").await, (200, json!("Hello World!")));
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn the_services_alone_are_enough_for_a_lone_function() {
    let data = tempfile::tempdir().unwrap();
    let mut command = bare();
    command.arg("--services").arg("--data").arg(data.path());
    let mut child = command.spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    let mut exports = std::collections::BTreeMap::new();
    while !exports.contains_key("ROLLBAR_ENDPOINT") {
        let line = lines.next_line().await.unwrap().expect("the lines end with ROLLBAR_ENDPOINT");
        let (name, value) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')).expect("an export");
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
