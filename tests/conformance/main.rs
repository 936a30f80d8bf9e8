//! An OTLP receiver that is not ours takes what the layer sends, and shows every span as it was meant.
//!
//! Everything else in the house that reads OTLP was written beside what writes it. `rotel-agent`, a collector in the wheel of `rotel` on
//! PyPI, was not: it decodes the layer's requests with its own code and prints what it found. With its path in `CRUDDER_ROTEL`:
//! `make witness`. It takes any key and knows no vendor's rules; those the fake of Honeycomb holds.

#[path = "../support/address.rs"]
mod address;
#[path = "../support/program.rs"]
mod program;
mod shown;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use address::free_address;
use crudder_fakes::{Span, TraceId};
use program::{Program, named_by};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use shown::Shown;
use support::TestStack;

/// Far longer than a delivery takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole of `cargo local`, with rotel in the place of Honeycomb.
struct Witness {
    stack: TestStack,
    rotel: Program,
    _folder: tempfile::TempDir,
}

impl Witness {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let mut command = Command::new(named_by("CRUDDER_ROTEL"));
        command.args(["start", "--otlp-http-endpoint", &address, "--otlp-grpc-endpoint", "127.0.0.1:0"]);
        command.args(["--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"]);
        command.arg("--pid-file").arg(folder.path().join("pid")).current_dir(folder.path());
        let mut rotel = Program::start(&mut command);
        // It says so once it has its ports.
        rotel.hear_line("Starting Rotel").await;
        let endpoint = format!("http://{address}");
        let key = "hcaik_n0b0dysn0b0dysn0b0dys";
        let variables =
            [("HONEYCOMB_API_ENDPOINT", endpoint.as_str()), ("HONEYCOMB_API_KEY", key), ("CRUDDER_FAULTS", "on")];
        Self { stack: TestStack::with(&variables).await, rotel, _folder: folder }
    }

    /// Sends a request, ends everything, which is when the last of everything has been told, and answers with what rotel showed of it.
    async fn show(self, request: RequestBuilder, status: StatusCode) -> Trace {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status);
        let header = answer.headers()["x-amzn-trace-id"].to_str().expect("text");
        let trace: TraceId = header.trim_start_matches("Root=").parse().expect("a trace id");
        let taken = self.taken_by_the_stand_in(trace).await;
        self.stack.stop().await;
        let (lines, _) = self.rotel.end().await;
        let spans = shown::spans(&lines).into_iter().filter(|span| span.trace_id == trace.to_string()).collect();
        let trace = Trace(spans);
        trace.is_whole();
        for span in taken {
            assert!(trace.0.iter().any(|shown| shown.is(&span)), "our reader differs on {span:#?}: {:#?}", trace.0);
        }
        trace
    }

    /// What our own reader makes of the trace, once its root is there: with a key set, `cargo local` hands the layer's requests on to
    /// the vendor, here rotel, and what that has taken to the fake.
    async fn taken_by_the_stand_in(&self, trace: TraceId) -> Vec<Span> {
        let honeycomb = &self.stack.running().fakes().honeycomb;
        let found = honeycomb.wait_for(PATIENCE, |store| {
            let spans: Vec<Span> = store.spans().filter(|span| span.trace_id == trace).cloned().collect();
            spans.iter().any(|span| span.parent_span_id.is_none()).then_some(spans)
        });
        found.await.unwrap_or_else(|late| panic!("{late}; rotel said:\n{}", self.rotel.so_far()))
    }
}

/// What rotel showed of one trace.
struct Trace(Vec<Shown>);

impl Trace {
    /// Every span came once, and so did its parent.
    fn is_whole(&self) {
        let ids: BTreeSet<_> = self.0.iter().map(|span| &span.span_id).collect();
        assert_eq!(ids.len(), self.0.len(), "a span came twice: {:#?}", self.0);
        let is_known = |span: &Shown| span.parent_id.is_empty() || ids.contains(&span.parent_id);
        assert!(self.0.iter().all(is_known), "a parent is missing: {:#?}", self.0);
    }

    /// The one span of a name.
    fn span(&self, name: &str) -> &Shown {
        let named: Vec<_> = self.0.iter().filter(|span| span.name == name).collect();
        let [span] = named.as_slice() else { panic!("{} spans are {name:?} in {:#?}", named.len(), self.0) };
        span
    }

    /// The root: that it has no parent, what it is, and how it ended.
    fn root(&self, name: &str, status: &str) -> &Shown {
        let root = self.span(name);
        let seen = (root.parent_id.as_str(), root.kind.as_str(), root.status.as_str());
        assert_eq!(seen, ("", "SPAN_KIND_SERVER", status), "{root:#?}");
        assert_eq!(root.span_id.len(), 16);
        root
    }
}

#[track_caller]
fn has(span: &Shown, attributes: &[(&str, &str)]) {
    for (name, value) in attributes {
        assert_eq!(span.attributes.get(*name).map(String::as_str), Some(*value), "{name} of {span:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_read_span_by_span() {
    let witness = Witness::open().await;
    let request = witness.stack.request(Method::GET, "/api/activities/home?limit=3");
    let trace = witness.show(request, StatusCode::OK).await;
    let root = trace.root("GET /api/activities/home", "");
    has(root, &[("http.request.method", "Str(GET)"), ("http.route", "Str(/api/activities/home)")]);
    has(
        root,
        &[("http.response.status_code", "Int(200)"), ("url.query", "Str(limit=3)"), ("faas.coldstart", "Bool(true)")],
    );
    let home = trace.span("home-activities");
    assert_eq!((&home.parent_id, home.kind.as_str()), (&root.span_id, "SPAN_KIND_INTERNAL"));
    assert!(home.attributes["app.now"].starts_with("Str(20"), "{home:#?}");
    let calls: Vec<_> = trace.0.iter().filter(|span| span.parent_id == home.span_id).collect();
    assert!(!calls.is_empty(), "{:#?}", trace.0);
    for call in calls {
        assert_eq!((call.name.as_str(), call.kind.as_str()), ("DynamoDB.Query", "SPAN_KIND_CLIENT"));
        has(call, &[("db.system.name", "Str(aws.dynamodb)"), ("db.operation.name", "Str(Query)")]);
    }
    for span in &trace.0 {
        assert_eq!(span.resource["service.name"], "Str(crudder)");
        assert_eq!(span.resource["faas.name"], "Str(crudder-local-home-activities)");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_write_without_its_content() {
    let witness = Witness::open().await;
    let token = witness.stack.token("andrewbrown").await;
    let post = json!({"message": "the heron stands", "ttl": "7-days"});
    let request = witness.stack.request(Method::POST, "/api/activities").bearer_auth(token).json(&post);
    let trace = witness.show(request, StatusCode::OK).await;
    let root = trace.root("POST /api/activities", "");
    has(root, &[("http.response.status_code", "Int(200)"), ("faas.trigger", "Str(http)")]);
    let write = trace.span("DynamoDB.TransactWriteItems");
    assert_eq!((&write.parent_id, write.kind.as_str()), (&root.span_id, "SPAN_KIND_CLIENT"));
    assert!(!format!("{:?}", trace.0).contains("heron"), "{:#?}", trace.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_5xx_with_its_exception() {
    let witness = Witness::open().await;
    let request = witness.stack.request(Method::GET, "/rollbar/test?kind=error");
    let trace = witness.show(request, StatusCode::INTERNAL_SERVER_ERROR).await;
    let root = trace.root("GET /rollbar/test", "STATUS_CODE_ERROR");
    has(root, &[("http.response.status_code", "Int(500)"), ("exception.message", "Str(an error on purpose)")]);
    assert_eq!(root.events, ["exception"], "{root:#?}");
    assert_eq!(trace.span("fault").parent_id, root.span_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_the_spans_of_a_process_that_died_in_them() {
    let witness = Witness::open().await;
    let request = witness.stack.request(Method::GET, "/rollbar/test?kind=abort");
    let trace = witness.show(request, StatusCode::BAD_GATEWAY).await;
    let root = trace.root("GET /rollbar/test", "STATUS_CODE_ERROR");
    has(root, &[("crudder.death", "Str(crash)"), ("http.route", "Str(/rollbar/test)")]);
    let fault = trace.span("fault");
    assert_eq!((&fault.parent_id, fault.status.as_str()), (&root.span_id, "STATUS_CODE_ERROR"));
    has(fault, &[("crudder.death", "Str(crash)"), ("crudder.culprit", "Bool(true)")]);
}
