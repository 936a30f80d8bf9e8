//! The documents that X-Ray receives of a request, and its records.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use crudder_recorder::{InvocationEnded, InvocationStarted, Kind, Outcome, ProcessStarted};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::{Value, json};
use tracing::{Instrument, info_span};

use super::{Bench, HEADER, Recorded, attribute, home, ready};
use crate::{End, Failure, Invocation, Trigger, set_annotation};

/// A request with a step, a call in it, and an annotation.
async fn work() {
    async {
        set_annotation("handle", "andrewbrown");
        let call = info_span!(
            "call",
            otel.name = "DynamoDB.Query",
            otel.kind = "client",
            rpc.system = "aws-api",
            rpc.service = "DynamoDB",
            rpc.method = "Query",
            aws.dynamodb.table_names = "[\"crudder\"]"
        );
        async {}.instrument(call).await;
    }
    .instrument(info_span!("home-activities", app.result_length = 3))
    .await;
}

#[test]
fn a_sampled_request_is_one_datagram_under_the_lambda_segment() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| ready(telemetry.observe(home(), work(), |()| End::http(200))));
    let received = bench.received();
    let [document] = received.documents.as_slice() else { panic!("{:?}", received.documents) };
    assert_eq!(document["name"], "GET /api/activities/home");
    assert_eq!(document["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
    assert_eq!((&document["parent_id"], &document["type"]), (&json!("53995c3f42cd8ad8"), &json!("subsegment")));
    assert_eq!(document["http"]["request"]["url"], "https://api.example.test/api/activities/home?limit=3");
    assert_eq!(document["http"]["response"]["status"], 200);
    let annotations = json!({"route": "/api/activities/home", "cold_start": true, "handle": "andrewbrown"});
    assert_eq!(document["annotations"], annotations);
    assert_eq!(document.get("fault"), None);
    let aws = &document["subsegments"][0]["subsegments"][0]["aws"];
    assert_eq!(aws, &json!({"operation": "Query", "table_name": "crudder", "table_names": ["crudder"]}));
    let step = &document["subsegments"][0];
    assert_eq!((&step["name"], &step["annotations"]["result_length"]), (&json!("home-activities"), &json!(3)));
    let call = &step["subsegments"][0];
    assert_eq!(
        (&call["name"], &call["namespace"], &call["aws"]["operation"]),
        (&json!("DynamoDB"), &json!("aws"), &json!("Query"))
    );
}

#[test]
fn an_unsampled_request_is_recorded_and_sends_no_datagram() {
    for header in [Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"), None] {
        let bench = Bench::new(&[]);
        let invocation = home().with_trace_header(header);
        bench.run(|telemetry| ready(telemetry.observe(invocation, work(), |()| End::http(200))));
        let received = bench.received();
        assert_eq!(received.documents, Vec::<Value>::new());
        assert_eq!(received.kinds().iter().filter(|kind| **kind == Kind::SpanEnded).count(), 3);
    }
}

#[test]
fn the_recorder_gets_each_step_as_it_happens() {
    let bench = Bench::new(&[("AWS_LAMBDA_FUNCTION_NAME", "home"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")]);
    bench.run(|telemetry| ready(telemetry.observe(home(), work(), |()| End::http(200))));
    let received = bench.received();
    use Kind::{
        DatagramSent, InvocationEnded as Ended, InvocationStarted as Started, ProcessStarted as Process, SpanEnded,
        SpanStarted,
    };
    let expected =
        [Process, Started, SpanStarted, SpanStarted, SpanStarted, SpanEnded, SpanEnded, SpanEnded, DatagramSent, Ended];
    assert_eq!(received.kinds(), expected);
    let Recorded::Other(_, 0, process) = &received.records[0] else { panic!() };
    let process = ProcessStarted::decode(process).unwrap();
    assert_eq!((process.function, process.memory_mb), ("home", 256));
    assert!(process.xray_daemon.starts_with("127.0.0.1:"));
    let Recorded::Other(_, 1, started) = &received.records[1] else { panic!() };
    let started = InvocationStarted::decode(started).unwrap();
    assert_eq!((started.request_id, started.is_sampled, started.is_cold), ("8f7c2e1a", true, true));
    assert_eq!(started.segment, 0x5399_5c3f_42cd_8ad8_u64.to_be_bytes());
    let Recorded::Span(_, 1, ids, root) = &received.records[2] else { panic!() };
    assert_eq!((root.name.as_str(), ids.parent, root.end_time_unix_nano), ("GET /api/activities/home", [0; 8], 0));
    assert!(root.parent_span_id.is_empty(), "outside X-Ray the root has no parent");
    let known =
        ["http.request.method", "http.route", "url.query", "client.address", "faas.invocation_id", "cloud.resource_id"];
    let values = known.map(|key| attribute(&root.attributes, key));
    assert_eq!(
        values,
        [
            "GET",
            "/api/activities/home",
            "limit=3",
            "203.0.113.7",
            "8f7c2e1a",
            "arn:aws:lambda:ca-central-1:123456789012:function:home"
        ]
        .map(Value::from)
    );
    assert_eq!(attribute(&received.ended("GET /api/activities/home").attributes, "handle"), "andrewbrown");
    assert_eq!(attribute(&received.ended("home-activities").attributes, "app.result_length"), 3);
}

#[test]
fn a_traceparent_is_the_parent_of_the_root_or_a_link_to_another_trace() {
    let same = "00-5759e988bd862e3fe1be46a994272793-00f067aa0ba902b7-01";
    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (traceparent, parent, links) in
        [(same, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes().to_vec(), 0), (other, vec![], 1)]
    {
        let bench = Bench::new(&[]);
        let invocation = home().with_traceparent(Some(traceparent));
        bench.run(|telemetry| ready(telemetry.observe(invocation, async {}, |()| End::http(200))));
        let received = bench.received();
        let root = received.ended("GET /api/activities/home");
        assert_eq!((&root.parent_span_id, root.links.len()), (&parent, links));
        let Recorded::Span(_, _, _, started) = &received.records[2] else { panic!() };
        assert_eq!(started.links.len(), links, "a late link would be lost with the process");
        assert_eq!(received.documents[0]["parent_id"], "53995c3f42cd8ad8", "in X-Ray the parent is Lambda's segment");
    }
}

#[test]
fn an_error_is_reported_once_and_marks_the_root() {
    let bench = Bench::new(&[]);
    let work = async {
        tracing::error!(
            exception.r#type = "store::Error",
            exception.message = "no table for a@b.cc",
            "the request failed"
        );
        Failure::new("store::Error", &std::io::Error::other("no table for a@b.cc"))
    };
    bench.run(|telemetry| ready(telemetry.observe(home(), work, |failure| End::http(500).because(failure.clone()))));
    let received = bench.received();
    let [event] = received.events()[..] else { panic!("{:?}", received.events()) };
    assert_eq!(attribute(&event.attributes, "exception.type"), "store::Error");
    assert_eq!(attribute(&event.attributes, "exception.message"), "no table for [scrubbed]");
    assert_eq!(attribute(&event.attributes, "level"), "error");
    let place = attribute(&event.attributes, "exception.location");
    assert!(place.as_str().unwrap().contains("src/tests/destinations.rs:"), "{place}");
    let root = received.ended("GET /api/activities/home");
    assert_eq!(root.status.as_ref().unwrap().code(), StatusCode::Error);
    assert_eq!(attribute(&root.attributes, "error.type"), "store::Error");
    assert_eq!(root.events.len(), 1);
    let document = &received.documents[0];
    assert_eq!((&document["fault"], &document["http"]["response"]["status"]), (&json!(true), &json!(500)));
    let exception = &document["cause"]["exceptions"][0];
    assert_eq!(
        (&exception["type"], &exception["message"]),
        (&json!("store::Error"), &json!("no table for [scrubbed]"))
    );
    assert!(exception["stack"][0]["path"].as_str().unwrap().ends_with("src/tests/destinations.rs"), "{exception}");
    let Some(Recorded::Other(Kind::InvocationEnded, 1, ended)) = received.records.last() else { panic!() };
    assert_eq!(InvocationEnded::decode(ended).unwrap().outcome, Outcome::Failed);
}

#[test]
fn an_event_with_the_field_report_is_a_report_and_not_an_error() {
    let bench = Bench::new(&[]);
    let work = async { tracing::warn!(report = true, "Hello World!") };
    bench.run(|telemetry| ready(telemetry.observe(home(), work, |()| End::http(200))));
    let received = bench.received();
    let [event] = received.events()[..] else { panic!("{:?}", received.events()) };
    assert_eq!(attribute(&event.attributes, "level"), "warning");
    assert_eq!(attribute(&event.attributes, "message"), "Hello World!");
    assert_eq!(received.documents[0].get("fault"), None);
    assert_eq!(received.ended("GET /api/activities/home").status, None);
}

#[test]
fn an_access_line_at_error_is_not_a_report() {
    let bench = Bench::new(&[]);
    let work = async { tracing::error!(target: crate::ACCESS, "203.0.113.7 GET https / 500") };
    bench.run(|telemetry| ready(telemetry.observe(home(), work, |()| End::http(500))));
    let received = bench.received();
    assert_eq!((received.events().len(), received.lines.len()), (0, 1));
    assert_eq!(received.documents[0]["fault"], true, "the status marks it");
}

#[test]
fn work_that_panics_or_is_dropped_still_closes_its_spans() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let unwinding =
            telemetry
                .observe(home(), async { std::panic::resume_unwind(Box::new("without a message")) }, |()| End::ok());
        assert!(std::panic::catch_unwind(AssertUnwindSafe(|| ready(unwinding))).is_err());
        let mut dropped = Box::pin(telemetry.observe(home(), std::future::pending::<()>(), |()| End::ok()));
        let poll = dropped.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(poll.is_pending());
    });
    let received = bench.received();
    assert_eq!(received.documents.len(), 2);
    assert!(received.documents.iter().all(|document| document["fault"] == true));
    assert_eq!(received.documents[1]["cause"]["exceptions"][0]["type"], "cancelled");
    assert_eq!(received.kinds().iter().filter(|kind| **kind == Kind::InvocationEnded).count(), 2);
}

#[test]
fn concurrent_requests_of_one_trace_keep_their_spans_apart() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let is_open = std::cell::Cell::new(false);
        let opened =
            std::future::poll_fn(|_| if is_open.get() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending });
        let other = Invocation { request_id: "second", ..home() };
        let step = async { opened.instrument(info_span!("first-step")).await };
        let mut first = Box::pin(telemetry.observe(home(), step, |()| End::http(200)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(first.as_mut().poll(&mut context).is_pending());
        let step = async { async {}.instrument(info_span!("second-step")).await };
        ready(telemetry.observe(other, step, |()| End::http(200)));
        is_open.set(true);
        assert!(first.as_mut().poll(&mut context).is_ready());
    });
    let received = bench.received();
    let steps =
        received.documents.iter().map(|document| document["subsegments"][0]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(steps, ["second-step", "first-step"]);
    let cold =
        received.documents.iter().map(|document| document["annotations"]["cold_start"].clone()).collect::<Vec<_>>();
    assert_eq!(cold, [false, true], "one invocation was the cold start, though it ended last");
}

#[test]
fn a_span_that_outlives_the_work_is_in_the_datagram_of_its_request() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let straggler = ready(telemetry.observe(home(), async { info_span!("straggler") }, |_| End::http(200)));
        straggler.in_scope(|| ());
    });
    let received = bench.received();
    assert_eq!(received.documents.len(), 1);
    assert_eq!(received.documents[0]["subsegments"][0]["name"], "straggler");
}

#[test]
fn a_span_that_starts_after_its_request_is_sent_alone() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let work = async { opentelemetry::Context::current() };
        let _late = ready(telemetry.observe(home(), work, |_| End::http(200))).attach();
        info_span!("late").in_scope(|| ());
    });
    let received = bench.received();
    assert_eq!(received.documents.len(), 2);
    assert_eq!(
        (&received.documents[1]["name"], &received.documents[1]["parent_id"]),
        (&json!("late"), &received.documents[0]["id"])
    );
}

#[test]
fn the_root_of_another_trigger_has_the_name_of_the_trigger() {
    let bench = Bench::new(&[]);
    let invocation = Invocation::new("1", Trigger::Other("post-confirmation")).with_trace_header(Some(HEADER));
    bench.run(|telemetry| ready(telemetry.observe(invocation, async {}, |()| End::ok())));
    let received = bench.received();
    assert_eq!(received.documents[0]["name"], "post-confirmation");
    assert_eq!(attribute(&received.ended("post-confirmation").attributes, "faas.trigger"), "other");
}

#[test]
fn signed_and_unsigned_fields_stay_numbers() {
    let bench = Bench::new(&[]);
    let work = async {
        let span =
            info_span!("step", rows = 3_usize, left = -1, text = "7", later = tracing::field::Empty, huge = u64::MAX);
        span.record("later", 5_u64);
        span.record("later", 6_u64);
        async {}.instrument(span).await;
    };
    bench.run(|telemetry| ready(telemetry.observe(home(), work, |()| End::http(200))));
    let received = bench.received();
    let values =
        ["rows", "left", "text", "later", "huge"].map(|key| attribute(&received.ended("step").attributes, key));
    assert_eq!(values, [json!(3), json!(-1), json!("7"), json!(6), json!("18446744073709551615")]);
    assert_eq!(received.documents[0]["subsegments"][0]["metadata"]["crudder"]["rows"], 3);
    let Recorded::Span(Kind::SpanStarted, _, _, started) = &received.records[3] else { panic!() };
    assert_eq!(attribute(&started.attributes, "rows"), 3);
}

#[test]
fn secrets_in_span_fields_reach_no_destination() {
    let bench = Bench::new(&[]);
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0";
    let work = async {
        let span = info_span!("step", mail = "andrew@exampro.co", cookie = "session=abcdef", header = %format!("Bearer {token}"));
        async { crate::set_attribute("late", "andrew@exampro.co") }.instrument(span).await;
        crate::set_attribute("on.root", "andrew@exampro.co");
    };
    bench.run(|telemetry| ready(telemetry.observe(home(), work, |()| End::http(200))));
    let received = bench.received();
    let text = format!("{:?} {:?} {:?}", received.records, received.documents, received.lines);
    assert!(text.contains("[scrubbed]") && text.contains("on.root"));
    assert!(!["exampro", "abcdef", "eyJ"].iter().any(|secret| text.contains(secret)), "{text}");
}

#[test]
fn the_span_of_lambda_runtime_is_not_a_second_root() {
    let bench = Bench::new(&[]);
    bench.run(|telemetry| {
        let runtime =
            info_span!(target: "lambda_runtime::layers::trace", "Lambda runtime invoke", requestId = "8f7c2e1a");
        ready(telemetry.observe(home(), async {}, |()| End::http(200)).instrument(runtime));
    });
    let received = bench.received();
    assert_eq!(received.kinds().iter().filter(|kind| **kind == Kind::SpanStarted).count(), 1);
}

#[test]
fn a_function_without_a_recorder_still_serves_the_other_destinations() {
    let bench = Bench::new(&[("CRUDDER_RECORDER", "/proc/nowhere/ring")]);
    bench.run(|telemetry| ready(telemetry.observe(home(), work(), |()| End::http(200))));
    let received = bench.received();
    assert_eq!((received.documents.len(), received.records.len()), (1, 0));
}

#[test]
fn an_oversized_span_is_recorded_in_narrower_bounds() {
    let bench = Bench::new(&[]);
    let work = async {
        for number in 0..100 {
            crate::set_attribute(format!("long.{number}"), "x".repeat(100_000));
        }
    };
    bench.run(|telemetry| ready(telemetry.observe(home(), work, |()| End::http(200))));
    let received = bench.received();
    let root = received.ended("GET /api/activities/home");
    assert!(root.dropped_attributes_count > 0 && root.attributes.len() >= 8);
    assert_eq!(received.documents.len(), 1);
}
