//! Compares this crate's OTLP encoding with the conversion in `opentelemetry-proto`: equal in every field.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_proto::tonic::trace::v1::{Span, Status as Stated};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;

use crate::otlp::{BOUNDS, Phase, write_resource, write_span};

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::F64),
        vec(any::<String>(), 0..3)
            .prop_map(|all| { Value::Array(Array::String(all.into_iter().map(StringValue::from).collect())) }),
        vec(any::<i64>(), 0..3).prop_map(|all| Value::Array(Array::I64(all))),
        vec(any::<bool>(), 0..3).prop_map(|all| Value::Array(Array::Bool(all))),
    ]
}

fn any_attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    btree_map(any::<String>(), any_value(), 0..6)
        .prop_map(|all| all.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect())
}

fn any_context() -> impl Strategy<Value = SpanContext> {
    (1u128.., 1u64.., any::<bool>(), any::<bool>(), "([a-z]{1,5})?").prop_map(
        |(trace, span, sampled, remote, state)| {
            let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
            let state =
                if state.is_empty() { TraceState::NONE } else { TraceState::from_key_value([(state, "1")]).unwrap() };
            SpanContext::new(
                TraceId::from_bytes(trace.to_be_bytes()),
                SpanId::from_bytes(span.to_be_bytes()),
                flags,
                remote,
                state,
            )
        },
    )
}

fn any_span() -> impl Strategy<Value = SpanData> {
    let kind = prop_oneof![
        Just(SpanKind::Internal),
        Just(SpanKind::Server),
        Just(SpanKind::Client),
        Just(SpanKind::Producer),
        Just(SpanKind::Consumer)
    ];
    let status = prop_oneof![Just(Status::Unset), Just(Status::Ok), any::<String>().prop_map(Status::error)];
    let event =
        (any::<u32>(), any::<String>(), any_attributes(), 0u32..3).prop_map(|(at, name, attributes, dropped)| {
            Event::new(name, UNIX_EPOCH + Duration::from_nanos(u64::from(at)), attributes, dropped)
        });
    let link = (any_context(), any_attributes(), 0u32..3)
        .prop_map(|(context, attributes, dropped)| Link::new(context, attributes, dropped));
    let times = (0u64..1 << 61, 0u64..1 << 40, 0u32..3);
    let rest = (vec(event, 0..3), vec(link, 0..3), times, 1u64.., any::<bool>());
    (any_context(), any::<String>(), kind, status, any_attributes(), rest).prop_map(
        |(context, name, span_kind, status, attributes, (events, links, (start, lasted, dropped), parent, remote))| {
            let mut data = SpanData {
                span_context: context,
                parent_span_id: SpanId::from_bytes(parent.to_be_bytes()),
                parent_span_is_remote: remote,
                span_kind,
                name: name.into(),
                start_time: UNIX_EPOCH + Duration::from_nanos(start),
                end_time: UNIX_EPOCH + Duration::from_nanos(start + lasted),
                attributes,
                dropped_attributes_count: dropped,
                events: SpanEvents::default(),
                links: SpanLinks::default(),
                status,
                instrumentation_scope: opentelemetry::InstrumentationScope::default(),
            };
            (data.events.events, data.events.dropped_count) = (events, dropped);
            (data.links.links, data.links.dropped_count) = (links, dropped);
            data
        },
    )
}

/// The official conversion encodes an unset status, which means the same as its absence.
fn theirs(span: SpanData) -> Span {
    let mut span = Span::from(span);
    span.status = span.status.filter(|status| *status != Stated::default());
    span
}

proptest! {
    #[test]
    fn any_span_decodes_as_the_official_conversion_has_it(span in any_span()) {
        let mut bytes = Vec::new();
        write_span(&mut bytes, &span, span.parent_span_id, Phase::Ended, BOUNDS[0]);
        prop_assert_eq!(Span::decode(bytes.as_slice()).unwrap(), theirs(span));
    }

    #[test]
    fn a_started_span_is_encoded_without_its_end(span in any_span()) {
        let mut bytes = Vec::new();
        write_span(&mut bytes, &span, span.parent_span_id, Phase::Started, BOUNDS[0]);
        let expected = Span { end_time_unix_nano: 0, ..theirs(span) };
        prop_assert_eq!(Span::decode(bytes.as_slice()).unwrap(), expected);
    }

    #[test]
    fn narrower_bounds_leave_a_valid_span_and_count_dropped_members(span in any_span(), bounds in 1usize..3) {
        let mut bytes = Vec::new();
        write_span(&mut bytes, &span, span.parent_span_id, Phase::Ended, BOUNDS[bounds]);
        let (narrow, whole) = (Span::decode(bytes.as_slice()).unwrap(), Span::from(span));
        let counted = |span: &Span| span.attributes.len() as u32 + span.dropped_attributes_count;
        prop_assert_eq!(counted(&narrow), counted(&whole));
        prop_assert_eq!((narrow.trace_id, narrow.span_id, narrow.kind), (whole.trace_id, whole.span_id, whole.kind));
    }

    #[test]
    fn any_resource_survives_encoding(attributes in any_attributes()) {
        let resource = Resource::builder_empty().with_attributes(attributes).build();
        let mut bytes = Vec::new();
        write_resource(&mut bytes, &resource);
        let read = opentelemetry_proto::tonic::resource::v1::Resource::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(read.attributes.len(), resource.len());
    }
}
