//! Round trips through the writer and the reader, and arbitrary bytes for the reader.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::read::{Field, Fields, event, event_time, partial_success, resource, span, span_summary};
use crate::types::{PartialSuccess, SpanSummary, Value};
use crate::write::{
    bool_attribute, error_status, fixed64, int_attribute, length_delimited, resource_spans, string_attribute,
    submessage, varint_field,
};

/// Attributes: the key, which of three types of value, and a string and a number to make the value
/// of.
fn attributes() -> impl Strategy<Value = Vec<(String, u8, String, u64)>> {
    vec((".{1,12}", 0_u8..3, ".{0,300}", any::<u64>()), 0..8)
}

fn read_everything(bytes: &[u8]) {
    let _ =
        (span_summary(bytes), span(bytes), event(bytes), event_time(bytes), resource(bytes), partial_success(bytes));
    // The iterator ends for every claimed length: each step takes at least one byte.
    assert!(Fields::new(bytes).count() <= bytes.len());
}

proptest! {
    #[test]
    fn arbitrary_bytes_neither_panic_nor_loop_forever(bytes in vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn a_written_span_is_read_back_and_a_truncated_one_does_no_harm(
        trace in any::<u128>(), id in any::<u64>(), name in ".{0,60}", (start, end) in any::<(u64, u64)>(),
        attributes in attributes(), words in ".{0,80}", cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        length_delimited(&mut bytes, 1, &trace.to_be_bytes());
        length_delimited(&mut bytes, 2, &id.to_be_bytes());
        length_delimited(&mut bytes, 5, name.as_bytes());
        fixed64(&mut bytes, 7, start);
        fixed64(&mut bytes, 8, end);
        for (key, kind, text, number) in &attributes {
            match kind {
                0 => string_attribute(&mut bytes, 9, key, text),
                1 => int_attribute(&mut bytes, 9, key, number.cast_signed()),
                _ => bool_attribute(&mut bytes, 9, key, number % 2 == 1),
            }
        }
        error_status(&mut bytes, &words);
        let read = span(&bytes);
        prop_assert_eq!((read.trace_id, read.id, read.name), (trace, id, name.as_str()));
        prop_assert_eq!((read.start_ns, read.end_ns), (start, (end > 0).then_some(end)));
        prop_assert_eq!((read.failed, read.status_message), (true, words.as_str()));
        prop_assert_eq!(span_summary(&bytes), SpanSummary { start_ns: start, end_ns: end, failed: true });
        prop_assert_eq!(read.attributes.len(), attributes.len());
        for (read, (key, kind, text, number)) in read.attributes.iter().zip(&attributes) {
            prop_assert_eq!(read.key, key.as_str());
            let as_written = match (kind, &read.value) {
                (0, Value::Str(read)) => *read == text.as_str(),
                (1, Value::Int(read)) => *read == number.cast_signed(),
                (2, Value::Bool(read)) => *read == (number % 2 == 1),
                _ => false,
            };
            prop_assert!(as_written, "{:?}", read.value);
        }
        read_everything(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn a_request_contains_its_resource_scope_and_spans_byte_for_byte(
        resource in vec(any::<u8>(), 0..200), more in vec(any::<u8>(), 0..50), scope in ".{0,200}",
        spans in vec((vec(any::<u8>(), 0..200), vec(any::<u8>(), 0..20)), 0..6),
    ) {
        let parts: Vec<[&[u8]; 2]> = spans.iter().map(|(span, trailer)| [span.as_slice(), trailer.as_slice()]).collect();
        let mut request = Vec::new();
        resource_spans(&mut request, [&resource, &more], &scope, &parts);
        let mut fields = Fields::new(&request);
        let Some((1, Field::LengthDelimited(of_resource))) = fields.next() else { panic!("no resource spans") };
        prop_assert_eq!(fields.next(), None);
        let mut fields = Fields::new(of_resource);
        let whole = [resource, more].concat();
        prop_assert_eq!(fields.next(), Some((1, Field::LengthDelimited(&whole))));
        let Some((2, Field::LengthDelimited(of_scope))) = fields.next() else { panic!("no scope spans") };
        let Some((1, Field::LengthDelimited(of_name))) = Fields::new(of_scope).next() else { panic!("no scope") };
        prop_assert_eq!(Fields::new(of_name).next(), Some((1, Field::LengthDelimited(scope.as_bytes()))));
        let read: Vec<&[u8]> = Fields::new(of_scope)
            .filter_map(|field| if let (2, Field::LengthDelimited(span)) = field { Some(span) } else { None })
            .collect();
        let expected: Vec<Vec<u8>> = parts.iter().map(|parts| parts.concat()).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn a_partial_success_is_read_back(count in 0..=i64::MAX, words in ".{0,80}") {
        let mut message = Vec::new();
        varint_field(&mut message, 1, count.cast_unsigned());
        length_delimited(&mut message, 2, words.as_bytes());
        let mut response = Vec::new();
        submessage(&mut response, 1, message.len(), |out| out.extend_from_slice(&message));
        let expected = PartialSuccess { rejected_spans: count.cast_unsigned(), error_message: &words };
        prop_assert_eq!(partial_success(&response), expected);
    }
}

#[test]
fn an_empty_response_rejects_nothing() {
    assert_eq!(partial_success(&[]), PartialSuccess::default());
}

#[test]
fn arrays_are_read_down_to_a_bounded_depth() {
    // An `AnyValue` that holds an array of one `AnyValue`, and so on: 100 levels.
    let any_value = (0..100).fold(vec![2 << 3, 1], |inner, _| {
        let (mut array, mut outer) = (Vec::new(), Vec::new());
        length_delimited(&mut array, 1, &inner);
        length_delimited(&mut outer, 5, &array);
        outer
    });
    let (mut pair, mut bytes) = (Vec::new(), Vec::new());
    length_delimited(&mut pair, 1, b"key");
    length_delimited(&mut pair, 2, &any_value);
    length_delimited(&mut bytes, 9, &pair);
    let read = span(&bytes);
    let mut value = read.attribute("key");
    let mut depth = 0;
    while let Some(Value::Array(values)) = value {
        (value, depth) = (values.first(), depth + 1);
    }
    assert_eq!((depth, value), (4, None));
}
