//! Vendors that are slow, busy, broken, or want none of it.

use std::time::{Duration, Instant};

use crudder_stage::{Outcome, StageEvent};
use crudder_vendors::{Fault, Plan, RetryAfter};

use crate::support::{Recipe, plain};

fn letters(seen: &[StageEvent]) -> Vec<serde_json::Value> {
    let line = |event: &StageEvent| match event {
        StageEvent::Line(line) if line.line.contains("dead letter") => serde_json::from_str(&line.line).ok(),
        _ => None,
    };
    seen.iter().filter_map(line).collect()
}

#[tokio::test]
async fn a_busy_vendor_gets_it_later_and_once() {
    for fault in [
        Fault::Throttled(RetryAfter::Seconds(1)),
        Fault::Unavailable(RetryAfter::DateIn(Duration::from_secs(1))),
        Fault::BadGateway,
        Fault::ServerError,
        Fault::ForbiddenThrottling,
    ] {
        let mut fixture = plain().await;
        fixture.vendors.honeycomb.faults().add(Plan::times(1, fault.clone())).expect("a fault it knows");
        let (_, trace) = fixture.call("ok").await;
        // Each invocation is a chance to try again; SHUTDOWN is the last.
        fixture.discard().await;
        let spans = fixture.spans(trace, 3).await;
        assert_eq!(spans.len(), 3, "{fault:?}");
        assert_eq!(letters(&fixture.close().await).len(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_vendor_that_is_down_to_the_end_leaves_dead_letters() {
    let mut fixture = plain().await;
    fixture.vendors.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    fixture.vendors.rollbar.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    fixture.call("error").await;
    fixture.discard().await;
    let seen = fixture.close().await;
    let mut told: Vec<_> =
        letters(&seen).iter().map(|letter| letter["vendor"].as_str().unwrap_or_default().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["honeycomb", "rollbar"]);
    let secret = |event: &StageEvent| matches!(event, StageEvent::Line(line) if line.line.contains("s3cr3t-t0ken"));
    assert!(!seen.iter().any(secret));
}

#[tokio::test]
async fn a_poisoned_span_dies_alone() {
    let mut fixture = plain().await;
    let poison = Fault::Poisoned { key: "mark".into(), value: "hemlock".into() };
    fixture.vendors.honeycomb.faults().add(Plan::always(poison)).expect("a fault it knows");
    let (_, trace) = fixture.call("poison").await;
    fixture.discard().await;
    let spans = fixture.spans(trace, 3).await;
    assert!(!spans.contains_key("poisoned"), "{:?}", spans.keys());
    let letters = letters(&fixture.close().await);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!((&letters[0]["items"], &letters[0]["reason"]), (&1.into(), &"refused with 400".into()));
}

#[tokio::test]
async fn a_batch_taken_in_part_is_never_sent_again() {
    let mut fixture = plain().await;
    let partial = Fault::PartialSuccess { rejected: 1, message: "one too many".into() };
    fixture.vendors.honeycomb.faults().add(Plan::times(1, partial)).expect("a fault it knows");
    fixture.call("ok").await;
    let line = fixture.line("took a batch in part").await;
    assert!(line.line.contains("one too many"), "{}", line.line);
    fixture.vendors.honeycomb.look(|store| assert_eq!((store.span_count(), store.refused_spans()), (2, 1)));
    fixture.close().await;
}

#[tokio::test]
async fn a_wrong_key_is_one_clear_line_without_the_key() {
    let mut fixture = Recipe::default().variable("HONEYCOMB_API_KEY", "hcaik_wr0ngwr0ngwr0ngwr0ng").open().await;
    for _ in 0..3 {
        let (outcome, trace) = fixture.call("ok").await;
        assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
        fixture.segments(trace, "GET /victim").await;
    }
    fixture.line("it refuses the key").await;
    let seen = fixture.close().await;
    let lines: Vec<_> = seen
        .iter()
        .filter_map(|event| if let StageEvent::Line(line) = event { Some(line.line.as_str()) } else { None })
        .collect();
    let off: Vec<_> = lines.iter().filter(|line| line.contains("it refuses the key")).collect();
    assert!(off.len() == 1 && off[0].contains("HONEYCOMB_API_KEY"), "{off:?}");
    assert!(!lines.iter().any(|line| line.contains("wr0ng")), "the key is in the log");
}

#[tokio::test]
async fn without_keys_both_vendors_are_off_and_said_so() {
    let mut fixture =
        Recipe::default().variable("HONEYCOMB_API_KEY", "").variable("ROLLBAR_ACCESS_TOKEN", "").open().await;
    let (outcome, trace) = fixture.call("error").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.segments(trace, "GET /victim").await;
    let seen = fixture.close().await;
    let off = |event: &&StageEvent| matches!(event, StageEvent::Line(line) if line.line.contains("it has no key"));
    assert_eq!(seen.iter().filter(off).count(), 2);
}

#[tokio::test]
async fn a_vendor_that_hangs_holds_the_environment_no_longer_than_the_budget() {
    let mut fixture = Recipe::default().variable("CRUDDER_FLUSH_BUDGET_MS", "200").open().await;
    fixture.call("ok").await;
    fixture.vendors.honeycomb.faults().add(Plan::always(Fault::Silence { take: false })).expect("a fault it knows");
    let mut longest = Duration::ZERO;
    for _ in 0..4 {
        let before = Instant::now();
        let (outcome, _) = fixture.call("error").await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
        longest = longest.max(before.elapsed());
    }
    println!("with a vendor that never answers and a budget of 200 ms the slowest of 4 cycles took {longest:?}");
    // Each call waits for the one before it to leave the environment; a vendor's own patience would be ten seconds.
    assert!(longest < Duration::from_secs(3), "{longest:?}");
    fixture.vendors.honeycomb.faults().clear();
    fixture.close().await;
}

#[tokio::test]
async fn a_key_that_may_not_be_read_is_one_line_that_names_the_permission() {
    let arn = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
    let mut fixture = Recipe::default().variable("HONEYCOMB_API_KEY", arn).open().await;
    fixture.vendors.secrets.faults().add(Plan::always(Fault::ForbiddenKey)).expect("a fault it knows");
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    let line = fixture.line("its key can't be had").await;
    assert!(line.line.contains("secretsmanager:GetSecretValue"), "{}", line.line);
    fixture.close().await;
}
