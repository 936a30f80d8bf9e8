//! With a real API key, the vendor gets every call, and the fake gets a copy of those it accepted.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_fakes::{Fault, Honeycomb, HoneycombConfig, HoneycombKey, Rollbar, RollbarConfig, RollbarToken, Scope};
use crudder_local::{Services, Settings};
use serde_json::json;

/// Keys of the right form that differ from those of the fakes.
const KEY: &str = "hcaik_0000000000000000000000realkey00000000000000000000000000000";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::parse(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())).unwrap()
}

/// Sends one span as the extension does, and returns the status of the response.
async fn send_span(services: &Services) -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let span = json!({
        "traceId": "5759e988bd862e3fe1be46a994272793", "spanId": "53995c3f42cd8ad8", "name": "it", "kind": 1,
        "startTimeUnixNano": (now - 1_000_000).to_string(), "endTimeUnixNano": now.to_string(),
    });
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "crudder"}}]});
    let body =
        json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "t"}, "spans": [span]}]}]});
    let variables = services.variables();
    let request = reqwest::Client::new().post(format!("{}/v1/traces", variables["HONEYCOMB_API_ENDPOINT"]));
    let request =
        request.header("x-honeycomb-team", &variables["HONEYCOMB_API_KEY"]).header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_the_real_honeycomb_and_the_console() {
    let data = tempfile::tempdir().unwrap();
    let real = Honeycomb::start(HoneycombConfig { keys: vec![HoneycombKey::new(KEY)], ..HoneycombConfig::default() });
    let real = real.await.unwrap();
    let settings = settings(&[("HONEYCOMB_API_KEY", KEY), ("HONEYCOMB_API_ENDPOINT", &real.url())]);
    let services = Services::start(&settings, data.path()).await.unwrap();
    assert_eq!(send_span(&services).await, 200);
    let counts = (
        real.with_store(|store| store.span_count()),
        services.fakes().honeycomb.with_store(|store| store.span_count()),
    );
    assert_eq!(counts, (1, 1));
    services.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_the_vendor_rejects_is_not_copied_to_the_fake() {
    let data = tempfile::tempdir().unwrap();
    let real = Honeycomb::start(HoneycombConfig { keys: vec![HoneycombKey::new(KEY)], ..HoneycombConfig::default() });
    let real = real.await.unwrap();
    let settings = settings(&[("HONEYCOMB_API_KEY", KEY), ("HONEYCOMB_API_ENDPOINT", &real.url())]);
    let services = Services::start(&settings, data.path()).await.unwrap();
    real.faults().inject_next(Fault::ServerError).unwrap();
    assert_eq!(send_span(&services).await, 500);
    real.stop_listening().await;
    assert_eq!(send_span(&services).await, 502, "the vendor is down");
    assert_eq!(services.fakes().honeycomb.with_store(|store| store.span_count()), 0);
    services.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_reach_the_real_rollbar_and_the_console() {
    let data = tempfile::tempdir().unwrap();
    let tokens = vec![RollbarToken::new(TOKEN, Scope::PostServerItem)];
    let real = Rollbar::start(RollbarConfig { tokens, ..RollbarConfig::default() }).await.unwrap();
    let address = format!("{}/api/1/item/", real.url());
    let settings = settings(&[("ROLLBAR_ACCESS_TOKEN", TOKEN), ("ROLLBAR_ENDPOINT", &address)]);
    let services = Services::start(&settings, data.path()).await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let item = json!({"data": {
        "environment": "local", "level": "error", "timestamp": now, "uuid": "99ebb7a5-ce74-5760-87e2-382265ef5d18",
        "language": "rust", "platform": "linux", "body": {"message": {"body": "it"}},
    }});
    let variables = services.variables();
    let request = reqwest::Client::new().post(&variables["ROLLBAR_ENDPOINT"]).body(item.to_string());
    let request = request
        .header("x-rollbar-access-token", &variables["ROLLBAR_ACCESS_TOKEN"])
        .header("content-type", "application/json");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    let counts =
        (real.with_store(|store| store.item_count()), services.fakes().rollbar.with_store(|store| store.item_count()));
    assert_eq!(counts, (1, 1));
    services.stop().await;
}
