//! What is written is read, and no bytes whatever do harm: the ring's records are another process's word.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::types::Value;

/// One attribute: its key, and one of three kinds of value.
fn attributes() -> impl Strategy<Value = Vec<(String, u8, String, u64)>> {
    vec((".{1,12}", 0_u8..3, ".{0,300}", any::<u64>()), 0..8)
}

fn read_everything(bytes: &[u8]) {
    let _ = (outline(bytes), span(bytes), event(bytes), event_time(bytes), resource(bytes), partial_success(bytes));
    // However large a field says it is, walking ends: each step takes a byte at least.
    assert!(Fields(bytes).count() <= bytes.len());
}

proptest! {
    #[test]
    fn no_bytes_whatever_make_a_reader_panic_or_go_round_for_ever(bytes in vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn what_is_written_is_read_and_a_part_of_it_does_no_harm(
        trace in any::<u128>(), id in any::<u64>(), name in ".{0,60}", (start, end) in any::<(u64, u64)>(),
        attributes in attributes(), words in ".{0,80}", cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, 1, &trace.to_be_bytes());
        put_bytes(&mut bytes, 2, &id.to_be_bytes());
        put_bytes(&mut bytes, 5, name.as_bytes());
        put_fixed64(&mut bytes, 7, start);
        put_fixed64(&mut bytes, 8, end);
        for (key, kind, text, number) in &attributes {
            match kind {
                0 => put_text(&mut bytes, 9, key, text),
                1 => put_int(&mut bytes, 9, key, *number),
                _ => put_bool(&mut bytes, 9, key, number % 2 == 1),
            }
        }
        put_error_status(&mut bytes, &words);
        let read = span(&bytes);
        prop_assert_eq!((read.trace_id, read.id, read.name), (trace, id, name.as_str()));
        prop_assert_eq!((read.start_ns, read.end_ns), (start, (end > 0).then_some(end)));
        prop_assert_eq!((read.failed, read.status_message), (true, words.as_str()));
        prop_assert_eq!(outline(&bytes), Outline { start_ns: start, end_ns: end, failed: true });
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
    fn a_request_holds_its_resource_and_its_spans_as_they_lay(
        resource in vec(any::<u8>(), 0..200), more in vec(any::<u8>(), 0..50),
        spans in vec((vec(any::<u8>(), 0..200), vec(any::<u8>(), 0..20)), 0..6),
    ) {
        let parts: Vec<[&[u8]; 2]> = spans.iter().map(|(span, trailer)| [span.as_slice(), trailer.as_slice()]).collect();
        let mut request = Vec::new();
        put_resource_spans(&mut request, &resource, &more, &parts);
        let mut fields = Fields(&request);
        let Some((1, Field::Bytes(of_resource))) = fields.next() else { panic!("no resource spans") };
        prop_assert_eq!(fields.next(), None);
        let mut fields = Fields(of_resource);
        let whole = [resource, more].concat();
        prop_assert_eq!(fields.next(), Some((1, Field::Bytes(&whole))));
        let Some((2, Field::Bytes(of_scope))) = fields.next() else { panic!("no scope spans") };
        let told: Vec<&[u8]> = Fields(of_scope)
            .filter_map(|field| if let (2, Field::Bytes(span)) = field { Some(span) } else { None })
            .collect();
        let expected: Vec<Vec<u8>> = parts.iter().map(|parts| parts.concat()).collect();
        prop_assert_eq!(told, expected);
    }
}
