//! The four planes: whatever happens to a request of Crudder's own functions, X-Ray, Honeycomb, Rollbar and CloudWatch each have it,
//! under the trace id that the answer bears. The table of the design, through the gateway and the layer.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use crudder_fakes::{HoneycombKey, Item, RollbarToken, Segment, Span, TraceId};
use reqwest::Method;
use serde_json::Value;
use support::TestStack;

/// Far more than a delivery takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the planes have of one request.
struct Told {
    trace: TraceId,
    status: u16,
    lines: Vec<Value>,
}

async fn ask(stack: &TestStack, path: &str) -> Told {
    let answer = stack.request(Method::GET, path).send().await.unwrap();
    let header = answer.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    let status = answer.status().as_u16();
    // A process that died wrote no access line; Lambda's own report ends what is said of every invocation.
    let lines = stack.all_logs(&header, |line| line["type"] == "platform.report").await;
    Told { trace: header.parse().unwrap(), status, lines }
}

impl Told {
    /// Honeycomb's spans by name, once there are so many.
    async fn spans(&self, stack: &TestStack, enough: usize) -> BTreeMap<String, Span> {
        let found = stack.running().fakes().honeycomb.wait_for(PATIENCE, |store| {
            let trace = store.trace(self.trace).filter(|trace| trace.spans.len() >= enough)?;
            Some(trace.spans.iter().map(|span| (span.name.clone(), Span::clone(span))).collect())
        });
        found.await.unwrap()
    }

    async fn item(&self, stack: &TestStack) -> Item {
        let found =
            stack.running().fakes().rollbar.wait_for(PATIENCE, |store| store.items_of(self.trace).next().cloned());
        found.await.unwrap()
    }

    /// X-Ray's tree, flat, by name, once this name is in it.
    async fn segments(&self, stack: &TestStack, name: &str) -> BTreeMap<String, Segment> {
        let found = stack.running().fakes().xray.wait_for(PATIENCE, |store| {
            let mut flat = BTreeMap::new();
            flatten(store.tree(self.trace), &mut flat);
            flat.contains_key(name).then_some(flat)
        });
        found.await.unwrap()
    }

    fn has_line(&self, wanted: &str) -> bool {
        self.lines.iter().any(|line| line.to_string().contains(wanted))
    }
}

fn flatten(tree: Vec<Segment>, flat: &mut BTreeMap<String, Segment>) {
    for mut segment in tree {
        flatten(std::mem::take(&mut segment.children), flat);
        flat.insert(segment.name.clone(), segment);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_is_a_complete_trace_in_every_destination_and_no_rollbar_item() {
    let stack = TestStack::start().await;
    let told = ask(&stack, "/api/activities/home").await;
    let spans = told.spans(&stack, 4).await;
    let root = &spans["GET /api/activities/home"];
    assert_eq!((told.status, &root.parent_span_id), (200, &None));
    assert_eq!(root.attributes["http.route"], "/api/activities/home");
    assert_eq!(root.attributes["http.response.status_code"], 200);
    assert_eq!(spans["home-activities"].parent_span_id.as_ref(), Some(&root.span_id));
    assert_eq!(spans["home-activities"].attributes["app.result_length"], 2);
    assert!(spans.contains_key("DynamoDB.Query"));
    let segments = told.segments(&stack, "GET /api/activities/home").await;
    for name in ["crudder/local", "crudder-local-home-activities", "home-activities", "DynamoDB"] {
        assert!(segments.contains_key(name), "{name} is missing in {:?}", segments.keys());
    }
    assert!(told.has_line("Hello Cloudwatch! from  /api/activities/home"));
    assert!(told.has_line("GET http /api/activities/home 200 OK"));
    stack.running().fakes().rollbar.with_store(|store| assert_eq!(store.item_count(), 0));
    stack.close_without_complaints().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_and_a_panic_are_one_item_each_and_a_failed_trace() {
    let stack = TestStack::with(&[("CRUDDER_FAULTS", "on")]).await;
    let ends = [
        ("error", "error", "crudder_api::fault::InjectedError", "the request failed: an error on purpose"),
        ("panic", "critical", "panic", "a panic on purpose"),
    ];
    for (kind, level, class, said) in ends {
        let told = ask(&stack, &format!("/rollbar/test?kind={kind}")).await;
        assert_eq!(told.status, 500);
        let root = &told.spans(&stack, 2).await["GET /rollbar/test"];
        assert_eq!(root.attributes["exception.type"], class);
        let segments = told.segments(&stack, "GET /rollbar/test").await;
        assert!(segments["GET /rollbar/test"].fault, "{kind}");
        let item = told.item(&stack).await;
        assert_eq!((item.level.as_str(), item.class.as_deref()), (level, Some(class)));
        assert!(told.has_line(said), "{kind}: {:?}", told.lines);
    }
    let warned = ask(&stack, "/rollbar/test").await;
    assert_eq!(warned.item(&stack).await.level, "warning");
    stack
        .running()
        .fakes()
        .rollbar
        .with_store(|store| assert_eq!(store.item_count(), 3, "{:?}", store.items().collect::<Vec<_>>()));
    stack.close_without_complaints().await;
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
    for (count, (kind, status, reason, line)) in (1..).zip(deaths) {
        let told = ask(&stack, &format!("/rollbar/test?kind={kind}")).await;
        assert_eq!(told.status, status, "{kind}");
        let spans = told.spans(&stack, 2).await;
        assert_eq!(spans["GET /rollbar/test"].attributes["crudder.death"], reason);
        assert_eq!(spans["fault"].attributes["crudder.culprit"], true, "{kind}");
        let segments = told.segments(&stack, "fault").await;
        assert!(segments["GET /rollbar/test"].fault && segments["fault"].fault, "{kind}");
        let item = told.item(&stack).await;
        assert_eq!((item.level.as_str(), item.class.as_deref()), ("critical", Some(reason)));
        assert!(item.message.as_deref().unwrap().contains("fault"), "{:?}", item.message);
        assert!(told.has_line(line), "{kind}: {:?}", told.lines);
        stack.running().fakes().rollbar.with_store(|store| assert_eq!(store.item_count(), count, "after {kind}"));
    }
    stack.close_without_complaints().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_x_ray_does_not_sample_is_exported_to_honeycomb() {
    let stack = TestStack::start().await;
    let root = "1-6a01b2c3-00112233445566778899aabb";
    let header = format!("Root={root};Parent=aaaabbbbccccdddd;Sampled=0");
    let answer =
        stack.request(Method::GET, "/api/health-check").header("X-Amzn-Trace-Id", header).send().await.unwrap();
    assert!(answer.headers()["x-amzn-trace-id"].to_str().unwrap().contains(root));
    let told = Told { trace: root.parse().unwrap(), status: 200, lines: Vec::new() };
    assert!(told.spans(&stack, 1).await.contains_key("GET /api/health-check"));
    stack.running().fakes().xray.with_store(|store| assert_eq!(store.tree(told.trace).len(), 0));
    stack.close_without_complaints().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_destination_gets_a_key_token_cookie_address_or_body() {
    let stack = TestStack::with(&[("CRUDDER_FAULTS", "on")]).await;
    let token = stack.token("andrewbrown").await;
    let secret = "my secret words to the world";
    let body = format!(r#"{{"message":"{secret} andrew@example.com","ttl":"1-day"}}"#);
    let post = stack.request(Method::POST, "/api/activities").body(body);
    let fail = stack.request(Method::GET, "/rollbar/test?kind=error&access_token=q1w2e3r4t5&email=bob@example.org");
    let mut lines = String::new();
    for (request, status) in [(post, 200), (fail, 500)] {
        let request =
            request.bearer_auth(&token).header("Cookie", "session=abcdef123456").header("X-Api-Key", "k3yk3yk3y");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        let trace = answer.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
        let of_trace = stack.all_logs(&trace, |line| line["type"] == "platform.report").await;
        let told = Told { trace: trace.parse().unwrap(), status, lines: of_trace };
        told.spans(&stack, 2).await;
        told.segments(&stack, if status == 200 { "POST /api/activities" } else { "GET /rollbar/test" }).await;
        if status == 500 {
            told.item(&stack).await;
        }
        lines.push_str(&format!("{:?}", told.lines));
    }
    let vendors = stack.running().fakes();
    let planes = [
        ("CloudWatch", lines),
        ("Honeycomb", vendors.honeycomb.with_store(|store| format!("{:?}", store.spans().collect::<Vec<_>>()))),
        ("Rollbar", vendors.rollbar.with_store(|store| store.items().map(|item| item.raw.clone()).collect::<String>())),
        ("X-Ray", vendors.xray.with_store(|store| format!("{:?}", store.documents().collect::<Vec<_>>()))),
    ];
    let keys = [HoneycombKey::local().text.reveal().to_owned(), RollbarToken::local().text.reveal().to_owned()];
    let of_request =
        [&token, secret, "andrew@example.com", "bob@example.org", "abcdef123456", "k3yk3yk3y", "q1w2e3r4t5"];
    for (plane, told) in planes {
        assert!(told.contains("/rollbar/test"), "{plane} knows nothing: {told}");
        for hidden in of_request.into_iter().chain(keys.iter().map(String::as_str)) {
            assert!(!told.contains(hidden), "{hidden} stands in {plane}");
        }
    }
    stack.close_without_complaints().await;
}
