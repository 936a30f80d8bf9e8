//! Every fake redacts secrets in deliveries and records violations.

use crudder_fakes::{Honeycomb, HoneycombConfig, Rollbar, RollbarConfig, XrayConfig, XrayDaemon};
use crudder_testing::TIMEOUT;
use crudder_testing::http::call;
use opentelemetry_proto::tonic::trace::v1::Status;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use tokio::net::UdpSocket;

use crate::support::{NOW_S, batch, document, item, now, post_spans, rollbar_token, span, text};

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LTE3In0.c2lnbmF0dXJl";
const MAIL: &str = "andrew@example.com";

#[tokio::test]
async fn honeycomb_stores_no_secret_of_a_span_its_events_status_or_resource() {
    let honeycomb = Honeycomb::start(HoneycombConfig { clock: now, ..HoneycombConfig::default() }).await.unwrap();
    let mut span = span(2);
    span.attributes.push(text("http.request.header.cookie", "id=secret-cookie"));
    span.events.push(Event {
        time_unix_nano: NOW_S * 1_000_000_000,
        name: "exception".into(),
        attributes: vec![text("exception.message", &format!("no user {MAIL}"))],
        ..Event::default()
    });
    span.status = Some(Status { code: 2, message: format!("bad token {TOKEN}") });
    let mut batch = batch(vec![span]);
    batch.resource_spans[0].resource.as_mut().unwrap().attributes.push(text("process.command_line", MAIL));
    assert_eq!(post_spans(honeycomb.address(), &batch).await.status, 200);

    let mut rules: Vec<_> =
        honeycomb.with_store(|store| store.call_log().violations().map(|violation| violation.rule).collect());
    rules.sort_unstable();
    assert_eq!(rules, ["mail-address-exposed", "mail-address-exposed", "secret-exposed", "token-exposed"]);
    let print = format!("{honeycomb:?}");
    assert!(!print.contains(MAIL) && !print.contains(TOKEN) && !print.contains("secret-cookie"), "{print}");
}

#[tokio::test]
async fn rollbar_stores_no_secret_of_an_item() {
    let rollbar = Rollbar::start(RollbarConfig { clock: now, ..RollbarConfig::default() }).await.unwrap();
    let mut item = item("one");
    item["data"]["person"]["email"] = MAIL.into();
    item["data"]["request"] = serde_json::json!({ "headers": { "Authorization": format!("Bearer {TOKEN}") } });
    let token = rollbar_token();
    let headers = [("content-type", "application/json"), ("x-rollbar-access-token", token.as_str())];
    call(rollbar.address(), "POST /api/1/item/", &headers, item.to_string().as_bytes()).await;
    let rules: Vec<_> =
        rollbar.with_store(|store| store.call_log().violations().map(|violation| violation.rule).collect());
    assert_eq!(rules, ["mail-address-exposed", "secret-exposed"]);
    let print = format!("{rollbar:?}");
    assert!(print.contains("StoreError::Timeout") && !print.contains(MAIL) && !print.contains(TOKEN), "{print}");
}

#[tokio::test]
async fn xray_stores_no_secret_of_a_document() {
    let daemon = XrayDaemon::start(XrayConfig { clock: now, ..XrayConfig::default() }).await.unwrap();
    let mut document = document("1111222233334444");
    document["annotations"]["user"] = MAIL.into();
    let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(datagram.as_bytes(), daemon.address()).await.unwrap();
    daemon.wait_for(TIMEOUT, |store| (store.document_count() == 1).then_some(())).await.unwrap();
    let rules: Vec<_> =
        daemon.with_store(|store| store.call_log().violations().map(|violation| violation.rule).collect());
    assert_eq!(rules, ["mail-address-exposed"]);
    let print = format!("{daemon:?}");
    assert!(print.contains("home-activities") && !print.contains(MAIL), "{print}");
}
