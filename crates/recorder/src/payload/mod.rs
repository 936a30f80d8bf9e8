//! The payloads of the small records.
//!
//! Spans and events are OTLP messages behind [`SpanIds`]. This crate does not read the messages.

mod death;
mod encoding;
mod invocation;
mod process;
mod span_ids;

pub use death::{DeathCause, DeathRecord};
pub use invocation::{DatagramSent, InvocationEnded, InvocationStarted, Outcome};
pub use process::ProcessStarted;
pub use span_ids::SpanIds;

/// The payload is not one of the record's kind. A reader should skip the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed payload")]
pub struct Malformed;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // No file of failed cases: miri has no file system.
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 6 } else { 256 }, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_payload_is_read_back(
            (time, number, pid) in any::<(u64, u8, u32)>(),
            trace in any::<[u8; 16]>(), span in any::<[u8; 8]>(),
            name in ".{0,40}", detail in ".{0,300}", rest in proptest::collection::vec(any::<u8>(), 0..200),
            (is_sampled, is_cold) in any::<(bool, bool)>(), cause in 1_u8..=5,
        ) {
            let mut bytes = Vec::new();
            let process = ProcessStarted { started_unix_nano: time, pid, memory_mb: 256, function: &name, xray_daemon: &detail, resource: &rest };
            process.encode(&mut bytes);
            prop_assert_eq!(ProcessStarted::decode(&bytes), Ok(process));
            bytes.clear();
            let invocation = InvocationStarted { started_unix_nano: time, deadline_unix_ms: 7, trace, segment: span, is_sampled, is_cold, request_id: &name };
            invocation.encode(&mut bytes);
            prop_assert_eq!(InvocationStarted::decode(&bytes), Ok(invocation));
            bytes.clear();
            let cause = DeathCause::from_number(cause).ok_or(TestCaseError::fail("cause"))?;
            let death = DeathRecord { at_unix_nano: time, cause, trace, request_id: &name, detail: &detail };
            death.encode(&mut bytes);
            prop_assert_eq!(DeathRecord::decode(&bytes), Ok(death));
            let sent = DatagramSent { sent_unix_nano: time, datagrams: number };
            prop_assert_eq!(DatagramSent::decode(&sent.encode()), Ok(sent));
            bytes.clear();
            let ended = InvocationEnded { ended_unix_nano: time, outcome: Outcome::Failed, request_id: &name };
            ended.encode(&mut bytes);
            prop_assert_eq!(InvocationEnded::decode(&bytes), Ok(ended));
            let ids = SpanIds { trace, span, parent: span };
            let whole = [ids.encode().as_slice(), &rest].concat();
            prop_assert_eq!(SpanIds::split(&whole), Ok((ids, rest.as_slice())));
        }

        #[test]
        fn arbitrary_bytes_make_no_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (ProcessStarted::decode(&bytes), InvocationStarted::decode(&bytes), DeathRecord::decode(&bytes));
            let _ = (DatagramSent::decode(&bytes), InvocationEnded::decode(&bytes), SpanIds::split(&bytes));
        }
    }
}
