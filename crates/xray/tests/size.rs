//! For random spans, every datagram is within X-Ray's limits and no span is lost.

use std::collections::BTreeMap;

use crudder_xray::{Attribute, Event, MAX_DATAGRAM_BYTES, Span, SpanKind, Value, write_datagrams};
use proptest::prelude::*;

/// The id of each span that was found, and the id of its parent: by nesting, or as `parent_id`.
type Found = BTreeMap<u64, u64>;

/// Removes the groups: a span in a group becomes a child of the group's parent.
fn without_groups(found: Found, spans: &[Span<'_>]) -> Found {
    let is_span = |id: &u64| spans.iter().any(|span| span.id == *id);
    let parent = |parent: &u64| if is_span(parent) { *parent } else { found.get(parent).copied().unwrap_or(*parent) };
    found.iter().filter(|(id, _)| is_span(id)).map(|(id, above)| (*id, parent(above))).collect()
}

fn id(value: &serde_json::Value) -> u64 {
    u64::from_str_radix(value.as_str().expect("an id"), 16).expect("16 hex digits")
}

fn walk(segment: &serde_json::Value, parent: u64, found: &mut Found) {
    let id = id(&segment["id"]);
    assert!(found.insert(id, parent).is_none(), "{id:x} occurs twice");
    assert!(segment["start_time"].is_f64() && !segment["name"].as_str().expect("a name").is_empty());
    assert!(segment["end_time"].is_f64() != (segment["in_progress"] == true));
    for child in segment["subsegments"].as_array().into_iter().flatten() {
        walk(child, id, found);
    }
}

/// Writes the spans and parses every datagram. Returns the spans that were found and the number of
/// datagrams.
fn round_trip(spans: &[Span<'_>]) -> (Found, usize) {
    let (mut found, mut datagrams) = (Found::new(), 0);
    write_datagrams(spans, "crudder", &mut Vec::new(), |datagram| {
        datagrams += 1;
        assert!(datagram.len() <= MAX_DATAGRAM_BYTES && MAX_DATAGRAM_BYTES <= 65_507, "{} bytes", datagram.len());
        let newline = datagram.iter().position(|byte| *byte == b'\n').expect("a header line");
        let header: serde_json::Value = serde_json::from_slice(&datagram[..newline]).expect("a header of JSON");
        assert_eq!(header, serde_json::json!({"format": "json", "version": 1}));
        let document: serde_json::Value = serde_json::from_slice(&datagram[newline + 1..]).expect("a document of JSON");
        assert!(!datagram[newline + 1..].contains(&b'\n'));
        assert_eq!(document["type"], "subsegment");
        assert_eq!(document["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        walk(&document, id(&document["parent_id"]), &mut found);
    });
    (without_groups(found, spans), datagrams)
}

fn span(id: u64, parent_id: u64) -> Span<'static> {
    Span {
        trace_id: 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793,
        id,
        parent_id,
        name: "DynamoDB.Query",
        kind: SpanKind::Internal,
        start_ns: 1_790_000_000_123_456_789 + id,
        end_ns: Some(1_790_000_000_131_901_000 + id),
        ..Span::default()
    }
}

const KEYS: [&str; 16] = [
    "http.request.method",
    "url.path",
    "url.query",
    "user_agent.original",
    "http.response.status_code",
    "exception.message",
    "exception.stacktrace",
    "exception.causes",
    "rpc.system",
    "rpc.service",
    "rpc.method",
    "aws.dynamodb.table_names",
    "annotation.handle",
    "app.result_length",
    "metadata.x",
    "anything at all",
];

/// The owned values that a span borrows.
#[derive(Debug, Clone)]
struct Owned {
    parent: usize,
    name: String,
    kind: u8,
    failed: bool,
    open: bool,
    texts: Vec<(usize, String, usize)>,
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("aws-api".to_owned()),
        Just("   0: a::b\n             at ./src/a.rs:1:2\n".to_owned()),
        ("[\u{0}\"\\\\é]{1,4}").prop_map(|text| text.repeat(40)),
    ]
}

fn any_span() -> impl Strategy<Value = Owned> {
    let texts =
        prop::collection::vec((0..KEYS.len(), any_text(), prop_oneof![Just(1usize), Just(20), Just(3_000)]), 0..6);
    (any::<usize>(), any::<String>(), 0u8..5, any::<bool>(), any::<bool>(), texts)
        .prop_map(|(parent, name, kind, failed, open, texts)| Owned { parent, name, kind, failed, open, texts })
}

fn borrow<'a>(owned: &'a Owned, texts: &'a [String], number: usize, count: usize) -> Span<'a> {
    const KINDS: [SpanKind; 5] =
        [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
    let value = |at: usize| match at % 4 {
        0 | 1 => Value::Str(&texts[at]),
        2 => Value::Array(vec![Value::Str(&texts[at]); 3]),
        _ => Value::Float(if at.is_multiple_of(5) { f64::NAN } else { 0.1 }),
    };
    let attributes =
        owned.texts.iter().enumerate().map(|(at, (key, ..))| Attribute { key: KEYS[*key], value: value(at) });
    let attributes = attributes.collect::<Vec<_>>();
    let events = vec![Event { name: "exception", attributes: attributes.clone() }];
    Span {
        // Parents anywhere: before, after, itself, outside.
        parent_id: (owned.parent % (count + 2)) as u64 + 1,
        name: &owned.name,
        kind: KINDS[usize::from(owned.kind)],
        failed: owned.failed,
        end_ns: (!owned.open).then_some(1_790_000_000_131_901_000),
        attributes,
        events: if owned.failed { events } else { Vec::new() },
        status_message: &owned.name,
        ..span(number as u64 + 1, 0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_spans_make_valid_datagrams_and_each_span_occurs_once(owned in prop::collection::vec(any_span(), 0..40)) {
        let repeat = |(_, text, times): &(usize, String, usize)| text.repeat(*times);
        let texts = owned.iter().map(|span| span.texts.iter().map(repeat).collect::<Vec<_>>()).collect::<Vec<_>>();
        let spans = owned.iter().enumerate().map(|(at, span)| borrow(span, &texts[at], at, owned.len())).collect::<Vec<_>>();
        let (found, _) = round_trip(&spans);
        let expected = spans.iter().map(|span| (span.id, span.parent_id)).collect::<Found>();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn five_spans_are_one_datagram() {
    let spans = [span(1, 99), span(2, 1), span(3, 1), span(4, 3), span(5, 4)];
    let (found, datagrams) = round_trip(&spans);
    assert_eq!((found.len(), datagrams), (5, 1));
}

#[test]
fn a_thousand_small_children_take_at_most_four_datagrams() {
    let spans = (1..=1_000).map(|id| span(id, if id == 1 { 99 } else { 1 })).collect::<Vec<_>>();
    let (found, datagrams) = round_trip(&spans);
    assert_eq!(found.len(), 1_000);
    assert!(found.iter().all(|(id, parent)| *parent == if *id == 1 { 99 } else { 1 }));
    assert!(datagrams <= 4, "{datagrams} datagrams");
}

#[test]
fn children_as_large_as_a_datagram_are_sent_independently() {
    let long = "x".repeat(2_000);
    let keys = (0..900).map(|at| format!("{at}")).collect::<Vec<_>>();
    // The short values fill the space that the long ones leave, to the last bytes.
    let length = |at: usize| if at < 30 { 2_000 } else { 5 };
    let large = keys.iter().enumerate().map(|(at, key)| Attribute { key, value: Value::Str(&long[..length(at)]) });
    let large = large.collect::<Vec<_>>();
    let child = |id| Span {
        attributes: if id > 1 { large.clone() } else { Vec::new() },
        ..span(id, if id == 1 { 99 } else { 1 })
    };
    let (found, datagrams) = round_trip(&(1..=21).map(child).collect::<Vec<_>>());
    assert_eq!((found.len(), datagrams), (21, 22), "the root, one empty group, each child");
}

#[test]
fn a_chain_of_ten_thousand_spans_neither_overflows_the_stack_nor_loses_a_span() {
    let spans = (1..=10_000).map(|id| span(id, if id == 1 { 99_999 } else { id - 1 })).collect::<Vec<_>>();
    let (found, datagrams) = round_trip(&spans);
    assert_eq!(found.len(), 10_000);
    assert!(datagrams < 400, "{datagrams} datagrams");
}

#[test]
fn a_span_of_a_megabyte_loses_attributes_and_keeps_its_identity() {
    let long = "x".repeat(1_000_000);
    let texts = (0..2_000).map(|at| format!("attribute.{at}")).collect::<Vec<_>>();
    let mut attributes = vec![Attribute { key: "long", value: Value::Str(&long) }];
    attributes.extend(texts.iter().map(|key| Attribute { key, value: Value::Str(&long[..100]) }));
    let spans = [Span { name: &long, attributes, ..span(7, 99) }];
    let mut document = serde_json::Value::Null;
    write_datagrams(&spans, "crudder", &mut Vec::new(), |datagram| {
        assert!(datagram.len() <= MAX_DATAGRAM_BYTES);
        document = serde_json::from_slice(&datagram[datagram.iter().position(|b| *b == b'\n').unwrap()..]).unwrap();
    });
    assert_eq!(document["id"], "0000000000000007");
    assert_eq!(document["name"].as_str().unwrap().len(), 200);
    let metadata = document["metadata"]["crudder"].as_object().unwrap();
    let cut = metadata["attributes_cut"].as_u64().unwrap();
    assert_eq!(metadata.len() as u64 - 1 + cut, 2_001, "every attribute is written or counted");
    assert!(cut > 0 && metadata["long"].as_str().unwrap().ends_with('…'));
}
