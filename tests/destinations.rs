//! Each destination (X-Ray, Honeycomb, Rollbar, CloudWatch) has every request of Crudder's own
//! functions under the trace id of its response, also if the function failed or died.
//!
//! The requests go through the gateway, and the extension exports their telemetry. docs/delivery.md
//! has the table of promises.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use crudder_fakes::{HoneycombKey, Item, RollbarToken, Segment, Span, TraceId};
use crudder_testing::TIMEOUT;
use reqwest::Method;
use serde_json::Value;
use support::TestStack;

/// A request: its trace, the status of its response and its log lines.
struct Request {
    trace: TraceId,
    status: u16,
    lines: Vec<Value>,
}

/// Sends a GET request and waits for the end of its log.
async fn get(stack: &TestStack, path: &str) -> Request {
    let response = stack.request(Method::GET, path).send().await.unwrap();
    let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    let status = response.status().as_u16();
    // A process that died wrote no access line. Lambda's report is the last line of every
    // invocation.
    let lines = stack.all_logs(&trace, |line| line["type"] == "platform.report").await;
    Request { trace: trace.parse().unwrap(), status, lines }
}

impl Request {
    /// Waits for this many spans in Honeycomb; returns them by name.
    async fn spans(&self, stack: &TestStack, enough: usize) -> BTreeMap<String, Span> {
        let found = stack.local().fakes().honeycomb.wait_for(TIMEOUT, |store| {
            let trace = store.trace(self.trace).filter(|trace| trace.spans.len() >= enough)?;
            Some(trace.spans.iter().map(|span| (span.name.clone(), Span::clone(span))).collect())
        });
        found.await.unwrap()
    }

    /// Waits for an item in Rollbar.
    async fn item(&self, stack: &TestStack) -> Item {
        let found = stack.local().fakes().rollbar.wait_for(TIMEOUT, |store| store.items_of(self.trace).next().cloned());
        found.await.unwrap()
    }

    /// Waits for a segment of this name in X-Ray; returns all segments and subsegments of the trace
    /// by name.
    async fn segments(&self, stack: &TestStack, name: &str) -> BTreeMap<String, Segment> {
        let found = stack.local().fakes().xray.wait_for(TIMEOUT, |store| {
            let mut flat = BTreeMap::new();
            flatten(store.tree(self.trace), &mut flat);
            flat.contains_key(name).then_some(flat)
        });
        found.await.unwrap()
    }

    /// Whether a log line contains this text.
    fn has_line(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.to_string().contains(text))
    }
}

/// Collects the segments of a tree by name.
fn flatten(tree: Vec<Segment>, flat: &mut BTreeMap<String, Segment>) {
    for mut segment in tree {
        flatten(std::mem::take(&mut segment.children), flat);
        flat.insert(segment.name.clone(), segment);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_is_a_complete_trace_in_every_destination_and_no_rollbar_item() {
    let stack = TestStack::start().await;
    let request = get(&stack, "/api/activities/home").await;
    let spans = request.spans(&stack, 4).await;
    let root = &spans["GET /api/activities/home"];
    assert_eq!((request.status, &root.parent_span_id), (200, &None));
    assert_eq!(root.attributes["http.route"], "/api/activities/home");
    assert_eq!(root.attributes["http.response.status_code"], 200);
    assert_eq!(spans["home-activities"].parent_span_id.as_ref(), Some(&root.span_id));
    assert_eq!(spans["home-activities"].attributes["app.result_length"], 2);
    assert!(spans.contains_key("DynamoDB.Query"));
    let segments = request.segments(&stack, "GET /api/activities/home").await;
    for name in ["crudder/local", "crudder-local-home-activities", "home-activities", "DynamoDB"] {
        assert!(segments.contains_key(name), "{name} is missing in {:?}", segments.keys());
    }
    assert!(request.has_line("Hello Cloudwatch! from  /api/activities/home"));
    assert!(request.has_line("GET http /api/activities/home 200 OK"));
    stack.local().fakes().rollbar.with_store(|store| assert_eq!(store.item_count(), 0));
    stack.stop_without_violations().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_and_a_panic_are_one_item_each_and_a_failed_trace() {
    let stack = TestStack::with(&[("CRUDDER_FAULTS", "on")]).await;
    let failures = [
        ("error", "error", "crudder_api::fault::InjectedError", "the request failed: an error on purpose"),
        ("panic", "critical", "panic", "a panic on purpose"),
    ];
    for (kind, level, class, line) in failures {
        let request = get(&stack, &format!("/rollbar/test?kind={kind}")).await;
        assert_eq!(request.status, 500);
        let root = &request.spans(&stack, 2).await["GET /rollbar/test"];
        assert_eq!(root.attributes["exception.type"], class);
        let segments = request.segments(&stack, "GET /rollbar/test").await;
        assert!(segments["GET /rollbar/test"].fault, "{kind}");
        let item = request.item(&stack).await;
        assert_eq!((item.level.as_str(), item.class.as_deref()), (level, Some(class)));
        assert!(request.has_line(line), "{kind}: {:?}", request.lines);
    }
    let warning = get(&stack, "/rollbar/test").await;
    assert_eq!(warning.item(&stack).await.level, "warning");
    stack
        .local()
        .fakes()
        .rollbar
        .with_store(|store| assert_eq!(store.item_count(), 3, "{:?}", store.items().collect::<Vec<_>>()));
    stack.stop_without_violations().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_death_is_one_critical_item_that_names_the_failed_span() {
    let variables = [("CRUDDER_FAULTS", "on")];
    let stack = TestStack::with_timeout("rollbar-test", Duration::from_secs(2), &variables).await;
    let deaths = [
        ("abort", 502, "crash", "signal: aborted"),
        ("exit", 502, "exit", "exit status 1"),
        ("timeout", 504, "timeout", "Task timed out after 2.00 seconds"),
        ("oom", 502, "out-of-memory", "signal: killed"),
    ];
    for (count, (kind, status, cause, line)) in (1..).zip(deaths) {
        let request = get(&stack, &format!("/rollbar/test?kind={kind}")).await;
        assert_eq!(request.status, status, "{kind}");
        let spans = request.spans(&stack, 2).await;
        assert_eq!(spans["GET /rollbar/test"].attributes["crudder.death"], cause);
        assert_eq!(spans["fault"].attributes["crudder.culprit"], true, "{kind}");
        let segments = request.segments(&stack, "fault").await;
        assert!(segments["GET /rollbar/test"].fault && segments["fault"].fault, "{kind}");
        let item = request.item(&stack).await;
        assert_eq!((item.level.as_str(), item.class.as_deref()), ("critical", Some(cause)));
        assert!(item.message.as_deref().unwrap().contains("fault"), "{:?}", item.message);
        assert!(request.has_line(line), "{kind}: {:?}", request.lines);
        stack.local().fakes().rollbar.with_store(|store| assert_eq!(store.item_count(), count, "after {kind}"));
    }
    stack.stop_without_violations().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_x_ray_does_not_sample_is_exported_to_honeycomb() {
    let stack = TestStack::start().await;
    let root = "1-6a01b2c3-00112233445566778899aabb";
    let header = format!("Root={root};Parent=aaaabbbbccccdddd;Sampled=0");
    let response =
        stack.request(Method::GET, "/api/health-check").header("X-Amzn-Trace-Id", header).send().await.unwrap();
    assert!(response.headers()["x-amzn-trace-id"].to_str().unwrap().contains(root));
    let request = Request { trace: root.parse().unwrap(), status: 200, lines: Vec::new() };
    assert!(request.spans(&stack, 1).await.contains_key("GET /api/health-check"));
    stack.local().fakes().xray.with_store(|store| assert_eq!(store.tree(request.trace).len(), 0));
    stack.stop_without_violations().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_destination_gets_a_key_token_cookie_address_or_body() {
    let stack = TestStack::with(&[("CRUDDER_FAULTS", "on")]).await;
    let token = stack.token("andrewbrown").await;
    let secret = "my secret words to the world";
    let body = format!(r#"{{"message":"{secret} andrew@example.com","ttl":"1-day"}}"#);
    let post = stack.request(Method::POST, "/api/activities").body(body);
    let failure = stack.request(Method::GET, "/rollbar/test?kind=error&access_token=q1w2e3r4t5&email=bob@example.org");
    let mut lines = String::new();
    for (request, status) in [(post, 200), (failure, 500)] {
        let request =
            request.bearer_auth(&token).header("Cookie", "session=abcdef123456").header("X-Api-Key", "k3yk3yk3y");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
        let lines_of_trace = stack.all_logs(&trace, |line| line["type"] == "platform.report").await;
        let request = Request { trace: trace.parse().unwrap(), status, lines: lines_of_trace };
        request.spans(&stack, 2).await;
        request.segments(&stack, if status == 200 { "POST /api/activities" } else { "GET /rollbar/test" }).await;
        if status == 500 {
            request.item(&stack).await;
        }
        lines.push_str(&format!("{:?}", request.lines));
    }
    let fakes = stack.local().fakes();
    let destinations = [
        ("CloudWatch", lines),
        ("Honeycomb", fakes.honeycomb.with_store(|store| format!("{:?}", store.spans().collect::<Vec<_>>()))),
        ("Rollbar", fakes.rollbar.with_store(|store| store.items().map(|item| item.raw.clone()).collect::<String>())),
        ("X-Ray", fakes.xray.with_store(|store| format!("{:?}", store.documents().collect::<Vec<_>>()))),
    ];
    let keys = [HoneycombKey::local().text.reveal().to_owned(), RollbarToken::local().text.reveal().to_owned()];
    let secrets = [&token, secret, "andrew@example.com", "bob@example.org", "abcdef123456", "k3yk3yk3y", "q1w2e3r4t5"];
    for (destination, data) in destinations {
        assert!(data.contains("/rollbar/test"), "{destination} has no request: {data}");
        for hidden in secrets.into_iter().chain(keys.iter().map(String::as_str)) {
            assert!(!data.contains(hidden), "{destination} contains {hidden}");
        }
    }
    stack.stop_without_violations().await;
}
