//! An independent OTLP receiver decodes every span that the layer sends as it was recorded.
//!
//! The other readers of OTLP in this workspace were written together with the writer.
//! `rotel-agent`, a collector in the wheel of `rotel` on PyPI, was not: it decodes the requests
//! with its own code and prints the spans. `make conformance` sets its path in `CRUDDER_ROTEL`. It
//! accepts any key and does not check Honeycomb's rules; the fake of Honeycomb does.

mod rotel_log;
#[path = "../support/mod.rs"]
mod support;
mod trace;

use std::process::Command;

use crudder_fakes::{Span, TraceId};
use crudder_testing::TIMEOUT;
use crudder_testing::address::free_address;
use crudder_testing::program::{Program, path_from_variable};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use support::TestStack;
use trace::{Trace, check_attributes};

/// All of `cargo local`, with rotel in place of Honeycomb.
struct Receiver {
    stack: TestStack,
    rotel: Program,
    _folder: tempfile::TempDir,
}

impl Receiver {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let mut command = Command::new(path_from_variable("CRUDDER_ROTEL"));
        command.args(["start", "--otlp-http-endpoint", &address, "--otlp-grpc-endpoint", "127.0.0.1:0"]);
        command.args(["--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"]);
        command.arg("--pid-file").arg(folder.path().join("pid")).current_dir(folder.path());
        let mut rotel = Program::start(&mut command);
        // Rotel prints this when it has bound its ports.
        rotel.wait_for_line("Starting Rotel").await;
        let endpoint = format!("http://{address}");
        let key = "hcaik_n0b0dysn0b0dysn0b0dys";
        let variables =
            [("HONEYCOMB_API_ENDPOINT", endpoint.as_str()), ("HONEYCOMB_API_KEY", key), ("CRUDDER_FAULTS", "on")];
        Self { stack: TestStack::with(&variables).await, rotel, _folder: folder }
    }

    /// Sends a request and stops everything, which exports the last spans; returns the trace that
    /// rotel logged.
    async fn trace(self, request: RequestBuilder, status: StatusCode) -> Trace {
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), status);
        let header = response.headers()["x-amzn-trace-id"].to_str().expect("text");
        let trace: TraceId = header.trim_start_matches("Root=").parse().expect("a trace id");
        let expected = self.spans_in_the_fake(trace).await;
        self.stack.stop().await;
        let (lines, _) = self.rotel.stop().await;
        let spans = rotel_log::spans(&lines).into_iter().filter(|span| span.trace_id == trace.to_string()).collect();
        let trace = Trace(spans);
        trace.check_complete();
        for span in expected {
            assert!(
                trace.0.iter().any(|logged| logged.equals(&span)),
                "rotel has no equal of {span:#?}: {:#?}",
                trace.0
            );
        }
        trace
    }

    /// Waits for the root span of a trace in the fake of Honeycomb; returns the trace's spans.
    ///
    /// With a key set, `cargo local` forwards the layer's requests to Honeycomb, here rotel, and
    /// the accepted ones to the fake.
    async fn spans_in_the_fake(&self, trace: TraceId) -> Vec<Span> {
        let honeycomb = &self.stack.local().fakes().honeycomb;
        let found = honeycomb.wait_for(TIMEOUT, |store| {
            let spans: Vec<Span> = store.spans().filter(|span| span.trace_id == trace).cloned().collect();
            spans.iter().any(|span| span.parent_span_id.is_none()).then_some(spans)
        });
        found.await.unwrap_or_else(|late| panic!("{late}; the output of rotel:\n{}", self.rotel.output()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_read_span_by_span() {
    let receiver = Receiver::start().await;
    let request = receiver.stack.request(Method::GET, "/api/activities/home?limit=3");
    let trace = receiver.trace(request, StatusCode::OK).await;
    let root = trace.root("GET /api/activities/home", "");
    check_attributes(root, &[("http.request.method", "Str(GET)"), ("http.route", "Str(/api/activities/home)")]);
    check_attributes(
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
        check_attributes(call, &[("db.system.name", "Str(aws.dynamodb)"), ("db.operation.name", "Str(Query)")]);
    }
    for span in &trace.0 {
        assert_eq!(span.resource["service.name"], "Str(crudder)");
        assert_eq!(span.resource["faas.name"], "Str(crudder-local-home-activities)");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_write_without_its_content() {
    let receiver = Receiver::start().await;
    let token = receiver.stack.token("andrewbrown").await;
    let post = json!({"message": "the heron stands", "ttl": "7-days"});
    let request = receiver.stack.request(Method::POST, "/api/activities").bearer_auth(token).json(&post);
    let trace = receiver.trace(request, StatusCode::OK).await;
    let root = trace.root("POST /api/activities", "");
    check_attributes(root, &[("http.response.status_code", "Int(200)"), ("faas.trigger", "Str(http)")]);
    let write = trace.span("DynamoDB.TransactWriteItems");
    assert_eq!((&write.parent_id, write.kind.as_str()), (&root.span_id, "SPAN_KIND_CLIENT"));
    assert!(!format!("{:?}", trace.0).contains("heron"), "{:#?}", trace.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_5xx_with_its_exception() {
    let receiver = Receiver::start().await;
    let request = receiver.stack.request(Method::GET, "/rollbar/test?kind=error");
    let trace = receiver.trace(request, StatusCode::INTERNAL_SERVER_ERROR).await;
    let root = trace.root("GET /rollbar/test", "STATUS_CODE_ERROR");
    check_attributes(
        root,
        &[("http.response.status_code", "Int(500)"), ("exception.message", "Str(an error on purpose)")],
    );
    assert_eq!(root.events, ["exception"], "{root:#?}");
    assert_eq!(trace.span("fault").parent_id, root.span_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_the_spans_of_a_process_that_died_in_them() {
    let receiver = Receiver::start().await;
    let request = receiver.stack.request(Method::GET, "/rollbar/test?kind=abort");
    let trace = receiver.trace(request, StatusCode::BAD_GATEWAY).await;
    let root = trace.root("GET /rollbar/test", "STATUS_CODE_ERROR");
    check_attributes(root, &[("crudder.death", "Str(crash)"), ("http.route", "Str(/rollbar/test)")]);
    let fault = trace.span("fault");
    assert_eq!((&fault.parent_id, fault.status.as_str()), (&root.span_id, "STATUS_CODE_ERROR"));
    check_attributes(fault, &[("crudder.death", "Str(crash)"), ("crudder.culprit", "Bool(true)")]);
}
