//! The protocol of the ring on plain memory, so that miri can check every access:
//! `cargo +nightly miri test -p crudder-recorder --lib ring::tests`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::{Dropped, Found, Head, Liveness, ReadSide, Ring, Scan};
use crate::counter::Counter;
use crate::kind::{END_RESERVE_DIVISOR, Kind, Priority};
use crate::layout;
use crate::writer_id::WriterId;

const BYTES: u64 = 1 << 12;
/// The largest payload that a ring of `BYTES` takes.
const MAX_PAYLOAD: usize = BYTES as usize / layout::MAX_RECORD_DIVISOR as usize - layout::RECORD_HEADER;

/// Either all writers are dead, or any of them may live.
struct AllDead(bool);

impl Liveness for AllDead {
    fn dead_until(&self, ring: &Ring, _position: u64) -> Option<u64> {
        self.0.then(|| ring.tail().load(Ordering::SeqCst))
    }
}

struct Both {
    ring: Arc<Ring>,
    side: ReadSide,
    scan: Scan,
}

fn ring(bytes: u64) -> Both {
    reopen(Ring::on_heap(bytes))
}

/// The reader after a restart, over the same memory. The caller has dropped the old one.
fn reopen(ring: Arc<Ring>) -> Both {
    // SAFETY: the only side of this ring: each test holds one `Both` at a time.
    let side = unsafe { ReadSide::new(Arc::clone(&ring)) };
    let scan = Scan::new(&side);
    Both { ring, side, scan }
}

fn head(kind: Kind, invocation: u32) -> Head {
    Head::new(kind, WriterId::new(3, 1), invocation, kind.priority())
}

impl Both {
    fn write(&self, kind: Kind, payload: &[u8]) -> Result<u64, Dropped> {
        self.ring.write(&head(kind, 7), &[payload]).map(|written| written.position)
    }

    fn next(&mut self, all_dead: bool) -> Option<(u64, Vec<u8>)> {
        let position = self.scan.step(&mut self.side, &AllDead(all_dead))?;
        match self.side.inspect(position) {
            Found::Record(record) => Some((record.end, record.payload.to_vec())),
            other => panic!("the scan found a record at {position}, where there is {other:?}"),
        }
    }

    fn counted(&self, counter: Counter) -> u64 {
        self.ring.counter(counter as usize).load(Ordering::Relaxed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 6 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_are_read_once_in_order_and_unchanged_through_any_number_of_wraps(
        steps in proptest::collection::vec((0_usize..500, any::<u8>(), 0_usize..4), 1..if cfg!(miri) { 30 } else { 200 })
    ) {
        let mut both = ring(BYTES);
        let mut expected = VecDeque::new();
        let mut dropped = 0;
        for (length, byte, reads) in steps {
            let payload = vec![byte; length];
            match both.write(Kind::SpanEnded, &payload) {
                Ok(_) => expected.push_back(payload),
                Err(why) => {
                    dropped += 1;
                    prop_assert_eq!(why, if length > MAX_PAYLOAD { Dropped::TooLarge } else { Dropped::Full });
                }
            }
            for _ in 0..reads {
                let read = both.next(false);
                prop_assert_eq!(read.as_ref().map(|(_, payload)| payload), expected.front());
                let Some((end, _)) = read else { break };
                expected.pop_front();
                both.side.free_to(end);
            }
        }
        while let Some((_, payload)) = both.next(false) {
            prop_assert_eq!(Some(payload), expected.pop_front());
        }
        prop_assert!(expected.is_empty());
        prop_assert_eq!(both.ring.counter(Kind::SpanEnded as usize - 1).load(Ordering::Relaxed), dropped);
    }

    #[test]
    fn holes_of_dead_writers_hide_no_committed_record(
        steps in proptest::collection::vec((0_u64..40, any::<bool>()), 1..30)
    ) {
        let mut both = ring(BYTES);
        let mut expected = Vec::new();
        for (index, (words, commits)) in steps.into_iter().enumerate() {
            if commits {
                let payload = vec![index as u8 + 1; words as usize * 8];
                if both.write(Kind::SpanEnded, &payload).is_ok() {
                    expected.push(payload);
                }
            } else {
                let _ = both.ring.claim(layout::RECORD_HEADER as u64 + words * 8, Priority::High);
            }
        }
        let mut read = Vec::new();
        while let Some((_, payload)) = both.next(true) {
            read.push(payload);
        }
        prop_assert_eq!(&read, &expected);
        prop_assert_eq!(both.scan.seen, both.ring.tail().load(Ordering::Relaxed));
        // After a restart, the reader passes over the pads in the holes and does not count them
        // again.
        let holes = both.counted(Counter::Holes);
        let Both { ring, .. } = both;
        let mut both = reopen(ring);
        let mut again = Vec::new();
        while let Some((_, payload)) = both.next(false) {
            again.push(payload);
        }
        prop_assert_eq!(again, read);
        prop_assert_eq!(both.counted(Counter::Holes), holes);
    }
}

#[test]
fn the_reader_waits_at_a_hole_while_its_writer_may_live() {
    let mut both = ring(BYTES);
    let claimed = both.ring.claim(64, Priority::High).expect("an empty ring has space");
    both.write(Kind::Event, b"behind the hole").expect("space");
    assert_eq!(both.next(false), None, "the claim at {} may still be committed", claimed.position);
    let (_, payload) = both.next(true).expect("its writer is dead now");
    assert_eq!(payload, b"behind the hole");
    assert_eq!(both.counted(Counter::Holes), 1);
}

#[test]
fn a_full_ring_drops_records_and_keeps_its_reserves_for_ends_and_for_the_reader() {
    let both = ring(BYTES);
    let payload = [1; 64];
    let mut starts = 0;
    while both.write(Kind::SpanStarted, &payload).is_ok() {
        starts += 1;
    }
    assert_eq!(starts, (BYTES - Priority::Low.reserved_bytes(BYTES)) / 128);
    let mut ends = 0;
    while both.write(Kind::SpanEnded, &payload).is_ok() {
        ends += 1;
    }
    assert_eq!(
        starts + ends,
        (BYTES - Priority::High.reserved_bytes(BYTES)) / 128,
        "ends use their reserve to the last byte"
    );
    assert_eq!(ends, BYTES / END_RESERVE_DIVISOR / 128, "an eighth of the ring is reserved for ends");
    let relocated = Head { priority: Priority::Reader, ..head(Kind::ProcessStarted, 7) };
    let written = both.ring.write(&relocated, &[&payload]);
    assert!(written.is_ok(), "the reader has space in a ring that is full for writers: {written:?}");
    assert_eq!(both.ring.counter(Kind::SpanStarted as usize - 1).load(Ordering::Relaxed), 1);
    assert_eq!(both.ring.counter(Kind::SpanEnded as usize - 1).load(Ordering::Relaxed), 1);
}

#[test]
fn only_the_damaged_record_is_skipped() {
    let mut both = ring(BYTES);
    both.write(Kind::Event, b"before").expect("space");
    let damaged = both.write(Kind::Event, b"damaged").expect("space");
    both.write(Kind::Event, b"after").expect("space");
    both.ring.flip_bit(damaged, 48);
    assert_eq!(both.next(false).expect("the first is intact").1, b"before");
    assert_eq!(both.next(false).expect("the third is intact").1, b"after");
    assert_eq!((both.next(false), both.counted(Counter::Damaged)), (None, 1));
}

#[test]
fn a_reader_that_died_between_reading_and_zeroing_is_continued_after_the_restart() {
    let mut both = ring(BYTES);
    for _ in 0..3 {
        both.write(Kind::Event, b"done with").expect("space");
    }
    let (end, _) = both.next(false).expect("one");
    let Both { ring, .. } = both;
    // The first store of `free_to`; the rest did not happen.
    ring.read().store(end, Ordering::Release);
    let mut both = reopen(ring);
    assert_eq!(both.ring.free().load(Ordering::Relaxed), end);
    assert_eq!(both.next(false).expect("the second is next").1, b"done with");
    // One lap: the freed space is claimed, and must be empty until the commit.
    while both.write(Kind::SpanEnded, &[0xAA; 200]).is_ok() {}
    let mut rest = 0;
    while both.next(false).is_some() {
        rest += 1;
    }
    assert!(rest > 10, "only {rest} records came after");
}

#[test]
fn four_threads_write_while_one_reads_and_each_record_arrives_once_and_in_order() {
    let each: u64 = if cfg!(miri) { 40 } else { 50_000 };
    let mut both = ring(BYTES);
    let mut next = [0_u64; 4];
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let ring = Arc::clone(&both.ring);
            scope.spawn(move || write_all(&ring, thread, each));
        }
        while next.iter().sum::<u64>() < 4 * each {
            let Some(position) = both.scan.step(&mut both.side, &AllDead(false)) else {
                std::thread::yield_now();
                continue;
            };
            let Found::Record(record) = both.side.inspect(position) else { panic!("no record at {position}") };
            let thread = record.invocation as usize;
            let (number, filler) = record.payload.split_first_chunk::<8>().expect("a number");
            assert_eq!(u64::from_le_bytes(*number), next[thread], "thread {thread}");
            assert!(filler.iter().all(|byte| *byte == number[0]));
            next[thread] += 1;
            let end = record.end;
            both.side.free_to(end);
        }
    });
    assert_eq!((next, both.next(false)), ([each; 4], None));
}

fn write_all(ring: &Ring, thread: u32, each: u64) {
    for number in 0..each {
        let bytes = number.to_le_bytes();
        let filler = [bytes[0]; 100];
        let length = (number % 100) as usize;
        while ring.write(&head(Kind::SpanEnded, thread), &[&bytes, &filler[..length]]).is_err() {
            std::thread::yield_now();
        }
    }
}
