//! The JSON behind the console's page, and whom the console takes acts from.

use reqwest::{Client, Method, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::command::{Running, crudder};

async fn send(running: &Running, path: &str, origin: &str) -> StatusCode {
    let request =
        Client::new().request(Method::POST, format!("{}{path}", running.console)).body(r#"{"handle":"londo"}"#);
    request.header("Origin", origin).send().await.unwrap().status()
}

#[tokio::test]
async fn a_request_is_listed_also_where_no_function_ran_and_no_layer_told() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    let refused = Client::new().post(format!("{}/api/activities", running.api)).body("{}").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(running.get("/nowhere/at/all").await.0, 404);
    let listed = running.console("/api/requests").await;
    let told = |at: usize, name: &str| listed["requests"][at][name].clone();
    assert_eq!(
        (told(0, "path"), told(0, "route"), told(0, "status")),
        (json!("/nowhere/at/all"), Value::Null, json!(404))
    );
    assert_eq!(
        (told(1, "route"), told(1, "function"), told(1, "cold")),
        (json!("/api/activities"), Value::Null, Value::Null)
    );
    assert_eq!((told(0, "outcome"), told(1, "outcome")), (json!("refused"), json!("refused")));
    let trace = told(0, "xray_trace_id");
    let opened = running.console(&format!("/api/traces/{}", trace.as_str().unwrap())).await;
    assert_eq!((&opened["requests"][0]["path"], &opened["spans"]), (&json!("/nowhere/at/all"), &json!([])));
    for (query, found) in
        [("q=NOWHERE", 1), ("q=nothing+such", 0), ("outcome=refused", 2), ("outcome=ok", 0), ("limit=1", 1)]
    {
        let fit = running.console(&format!("/api/requests?{query}")).await;
        assert_eq!(fit["requests"].as_array().map(Vec::len), Some(found), "{query}");
    }
    let one = running.console(&format!("/api/requests?q={}", trace.as_str().unwrap())).await;
    assert_eq!(one["requests"].as_array().map(Vec::len), Some(1), "by its id");
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn a_page_hears_of_each_request_and_the_console_ends_while_it_listens() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    let mut stream = reqwest::get(format!("{}/api/requests/stream", running.console)).await.unwrap();
    running.get("/api/health-check").await;
    let mut heard = String::new();
    while !heard.contains("/api/health-check") {
        heard.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().expect("it goes on")));
    }
    assert!(heard.starts_with("event: hello\n"), "{heard}");
    // The stream is still open here.
    assert_eq!(running.end(Signal::INT).await.0, Some(0));
}

#[tokio::test]
async fn what_acts_is_taken_from_no_other_page() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    for path in ["/token", "/send/api/activities"] {
        for origin in ["https://evil.example", "null", running.api.as_str()] {
            assert_eq!(send(&running, path, origin).await, 403, "{path} from {origin}");
        }
    }
    assert_eq!(send(&running, "/token", &running.console).await, 200);
    let page = reqwest::get(&running.console).await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert!(page.headers().get("access-control-allow-origin").is_none(), "no other page may read it");
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn faults_are_on_unless_the_environment_says_otherwise() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    assert_eq!(running.console("/api/about").await["faults"], true);
    assert_eq!(running.get("/rollbar/test?kind=error").await.0, 500);
    running.end(Signal::INT).await;
    let mut command = crudder(data.path());
    command.env("CRUDDER_FAULTS", "off");
    let running = Running::start(command).await;
    assert_eq!(running.console("/api/about").await["faults"], false);
    assert_eq!(running.get("/rollbar/test?kind=error").await.0, 404);
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn the_page_reaches_the_api_through_the_console_alone() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    let answer = reqwest::get(format!("{}/send/api/activities/search?term=imported", running.console)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["x-amzn-trace-id"].to_str().unwrap().starts_with("Root=1-"));
    let found: Value = answer.json().await.unwrap();
    assert_eq!(found[0]["message"], "This was imported as seed data!");
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn what_left_for_honeycomb_is_shown_without_its_key() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    assert_eq!(running.get("/rollbar/test?kind=error").await.0, 500);
    let mut opened = Value::Null;
    let told = async {
        while opened["batches"].as_array().is_none_or(Vec::is_empty)
            || opened["reports"].as_array().is_none_or(Vec::is_empty)
        {
            let listed = running.console("/api/requests?outcome=error").await;
            let trace = listed["requests"][0]["trace_id"].as_str().unwrap_or("none").to_owned();
            opened = running.console(&format!("/api/traces/{trace}")).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), told).await.expect("the layer tells");
    let batch = &opened["batches"][0];
    assert!(batch["bytes"].as_u64().unwrap() > 0 && batch["body"].is_string(), "{batch}");
    let shown = opened.to_string();
    // How the key of Honeycomb's fake begins, and how both keys end.
    assert!(!shown.contains("hcaik_") && !shown.contains("000crud"), "{shown}");
    let headers = batch["headers"].as_array().unwrap();
    let key = headers.iter().find(|pair| pair[0] == "x-honeycomb-team").unwrap()[1].as_str().unwrap();
    assert!(key.chars().count() <= 5, "{key}");
    assert_eq!(opened["reports"][0]["occurrences"]["count"], 1);
    running.end(Signal::INT).await;
}
