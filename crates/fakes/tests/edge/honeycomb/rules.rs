//! One test for each rule about spans: Honeycomb answers 200, the fake records a violation.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::{honeycomb, violations};
use crate::support::{NOW_S, batch, pair, post_spans, span, text};

const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;

/// Posts a batch and returns the rules that it breaks.
async fn violations_of_batch(batch: ExportTraceServiceRequest) -> Vec<&'static str> {
    let honeycomb = honeycomb().await;
    let response = post_spans(honeycomb.address(), &batch).await;
    assert_eq!(response.status, 200, "Honeycomb accepts the batch");
    honeycomb.with_store(violations)
}

/// Posts a modified span and returns the rules that it breaks.
async fn violations_of(modify: impl FnOnce(&mut Span)) -> Vec<&'static str> {
    let mut span = span(2);
    modify(&mut span);
    violations_of_batch(batch(vec![span])).await
}

/// Each line is a test: its name, the rule and the modification that breaks it.
macro_rules! rules {
    ($($test:ident, $rule:literal, $modify:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            assert_eq!(violations_of($modify).await, [$rule]);
        })*
    };
}

rules! {
    a_trace_id_has_16_bytes, "trace-id-length", |span| span.trace_id = vec![1; 8];
    a_trace_id_is_not_all_zero, "trace-id-zero", |span| span.trace_id = vec![0; 16];
    a_span_id_has_8_bytes, "span-id-length", |span| span.span_id = vec![1; 16];
    a_span_id_is_not_all_zero, "span-id-zero", |span| span.span_id = vec![0; 8];
    a_parent_id_has_8_bytes, "parent-id-invalid", |span| span.parent_span_id = vec![1; 3];
    a_parent_id_is_not_all_zero, "parent-id-invalid", |span| span.parent_span_id = vec![0; 8];
    a_span_is_not_its_own_parent, "parent-is-itself", |span| span.parent_span_id = span.span_id.clone();
    a_span_has_a_name, "name-empty", |span| span.name = " ".into();
    a_span_has_a_kind, "kind-unspecified", |span| span.kind = 0;
    a_kind_is_one_of_five, "kind-unknown", |span| span.kind = 6;
    flags_beyond_the_tenth_bit_are_reserved, "flags-reserved", |span| span.flags = 0x400;
    a_status_is_unset_ok_or_error, "status-unknown", |span| span.status = Some(Status { code: 3, message: String::new() });
    only_an_error_has_a_status_message, "status-message-without-error",
        |span| span.status = Some(Status { code: 1, message: "fine".into() });
    a_span_ends_after_it_starts, "end-before-start", |span| span.end_time_unix_nano = span.start_time_unix_nano - 1;
    a_span_of_more_than_60_days_ago_is_too_old, "time-too-old", |span| span.start_time_unix_nano -= 61 * DAY_NS;
    a_span_of_tomorrow_is_in_the_future, "time-in-future", |span| span.end_time_unix_nano += DAY_NS;
    an_attribute_has_a_key, "attribute-key-empty", |span| span.attributes.push(text("", "x"));
    an_attribute_exists_once, "attribute-key-duplicate", |span| span.attributes.push(text("http.route", "/again"));
    an_attribute_has_a_value, "attribute-value-missing", |span| span.attributes[0].value = None;
    an_attribute_key_contains_no_id, "attribute-key-contains-id",
        |span| span.attributes.push(text("post.5759e988bd862e3fe1be46a994272793", "x"));
    a_field_has_at_most_65535_bytes, "field-too-long", |span| span.attributes.push(text("app.text", &"x".repeat(65_536)));
    a_sample_rate_is_a_number, "sample-rate-invalid", |span| span.attributes.push(text("SampleRate", "1/20"));
    a_sample_rate_is_at_least_1, "sample-rate-invalid", |span| span.attributes.push(pair("SampleRate", Value::IntValue(0)));
    an_event_has_a_name, "event-name-empty", |span| span.events.push(event(""));
    an_event_has_a_time, "time-missing", |span| span.events.push(Event { time_unix_nano: 0, ..event("cache.miss") });
    an_events_attributes_are_checked_too, "attribute-key-empty",
        |span| span.events.push(Event { attributes: vec![text("", "x")], ..event("cache.miss") });
    a_link_has_complete_ids, "link-id-invalid", |span| span.links.push(Link { trace_id: vec![1; 4], span_id: vec![1; 8], ..Link::default() });
    an_exception_attribute_is_a_string, "exception-not-string", |span| {
        let chain = ArrayValue { values: vec![AnyValue { value: Some(Value::StringValue("timeout".into())) }] };
        span.attributes.push(pair("exception.stacktrace", Value::ArrayValue(chain)));
    };
}

fn event(name: &str) -> Event {
    Event { time_unix_nano: NOW_S * 1_000_000_000, name: name.into(), ..Event::default() }
}

#[tokio::test]
async fn times_in_milliseconds_are_too_old() {
    let rules = violations_of(|span| {
        span.start_time_unix_nano /= 1_000_000;
        span.end_time_unix_nano /= 1_000_000;
    });
    assert_eq!(rules.await, ["time-too-old", "time-too-old"]);
}

#[tokio::test]
async fn an_event_has_at_most_2000_fields_including_its_resource() {
    let fields = |count: usize| (0..count).map(|at| text(&format!("app.field_{at}"), "x")).collect();
    assert_eq!(
        violations_of(|span| span.attributes = fields(1_999)).await,
        Vec::<&str>::new(),
        "service.name is field 2000"
    );
    assert_eq!(violations_of(|span| span.attributes = fields(2_000)).await, ["too-many-fields"]);
}

#[tokio::test]
async fn an_event_has_at_most_1_mb() {
    let rules = violations_of(|span| {
        span.attributes = (0..20).map(|at| text(&format!("app.field_{at}"), &"x".repeat(60_000))).collect();
    });
    assert_eq!(rules.await, ["event-too-large"]);
}

#[tokio::test]
async fn a_field_of_65535_bytes_is_not_cut() {
    let rules = violations_of(|span| span.attributes.push(text("app.text", &"x".repeat(65_535))));
    assert_eq!(rules.await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_column_keeps_its_type() {
    let honeycomb = honeycomb().await;
    let mut other = span(2);
    other.attributes[1] = text("http.response.status_code", "200");
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    post_spans(honeycomb.address(), &batch(vec![other])).await;
    assert_eq!(honeycomb.with_store(violations), ["column-type-mixed"]);
}

#[tokio::test]
async fn all_spans_of_a_trace_have_one_sample_rate() {
    let mut sampled = span(2);
    sampled.attributes.push(pair("SampleRate", Value::IntValue(20)));
    assert_eq!(violations_of_batch(batch(vec![span(1), sampled])).await, ["sample-rate-inconsistent"]);
}

#[tokio::test]
async fn a_request_without_a_span_is_a_violation() {
    assert_eq!(violations_of_batch(batch(vec![])).await, ["empty-request"]);
    assert_eq!(violations_of_batch(ExportTraceServiceRequest::default()).await, ["empty-request"]);
}

#[tokio::test]
async fn a_resource_names_its_service() {
    for (name, rule) in [
        ("", "service-name-missing"),
        ("unknown_service:crudder", "service-name-unknown"),
        (" crudder", "service-name-untrimmed"),
    ] {
        let mut batch = batch(vec![span(2)]);
        batch.resource_spans[0].resource.as_mut().unwrap().attributes[0] = text("service.name", name);
        assert_eq!(violations_of_batch(batch).await, [rule], "{name:?}");
    }
    let mut nameless = batch(vec![span(2)]);
    nameless.resource_spans[0].resource = None;
    assert_eq!(violations_of_batch(nameless).await, ["service-name-missing"]);
}

#[tokio::test]
async fn a_span_without_a_service_name_goes_to_the_dataset_unknown_service() {
    let honeycomb = honeycomb().await;
    let mut nameless = batch(vec![span(1)]);
    nameless.resource_spans[0].resource = None;
    post_spans(honeycomb.address(), &nameless).await;
    assert_eq!(honeycomb.with_store(|store| store.spans().next().unwrap().dataset.clone()), "unknown_service");
}

#[tokio::test]
async fn a_span_with_an_invalid_id_is_counted_but_in_no_trace() {
    let honeycomb = honeycomb().await;
    let mut bad = span(2);
    bad.span_id = vec![1; 3];
    post_spans(honeycomb.address(), &batch(vec![bad])).await;
    assert_eq!(
        honeycomb.with_store(|store| (store.span_count(), store.spans_with_invalid_ids(), store.trace_count())),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn a_violation_names_the_span_the_limit_and_what_is_wrong() {
    let honeycomb = honeycomb().await;
    let mut long = span(2);
    long.attributes.push(text("app.text", &"x".repeat(65_536)));
    post_spans(honeycomb.address(), &batch(vec![long])).await;
    let violation = honeycomb.with_store(|store| store.call_log().violations().next().cloned()).unwrap();
    assert_eq!(
        violation.detail,
        "span 0101010101010102 \"GET /api/activities/home\": attribute `app.text` has 65536 bytes, Honeycomb cuts it at 65535"
    );
}
