//! Fakes that are slow, busy, broken, or want none of it.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, Outcome};
use crudder_fakes::{Fault, Plan, RetryAfter};

use crate::support::{Recipe, plain};

fn letters(seen: &[EmulatorEvent]) -> Vec<serde_json::Value> {
    let line = |event: &EmulatorEvent| match event {
        EmulatorEvent::Line(line) if line.line.contains("dead letter") => serde_json::from_str(&line.line).ok(),
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
    replay_letters(&mut fixture).await;
    let seen = fixture.close().await;
    let mut told: Vec<_> =
        letters(&seen).iter().map(|letter| letter["vendor"].as_str().unwrap_or_default().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["honeycomb", "rollbar"]);
    let secret =
        |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("s3cr3t-t0ken"));
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
    let line = fixture.line("accepted a batch in part").await;
    assert!(line.line.contains("one too many"), "{}", line.line);
    fixture.vendors.honeycomb.with_store(|store| assert_eq!((store.span_count(), store.refused_spans()), (2, 1)));
    fixture.close().await;
}

#[tokio::test]
async fn a_wrong_key_is_one_clear_line_without_the_key() {
    let mut fixture = Recipe::default().variable("HONEYCOMB_API_KEY", "hcaik_wr0ngwr0ngwr0ngwr0ng").open().await;
    for _ in 0..3 {
        let (outcome, trace) = fixture.call("ok").await;
        assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
        fixture.segments(trace, "GET /fixture").await;
    }
    fixture.line("refused its credentials").await;
    let seen = fixture.close().await;
    let lines: Vec<_> = seen
        .iter()
        .filter_map(|event| if let EmulatorEvent::Line(line) = event { Some(line.line.as_str()) } else { None })
        .collect();
    let off: Vec<_> = lines.iter().filter(|line| line.contains("refused its credentials")).collect();
    assert!(off.len() == 1 && off[0].contains("HONEYCOMB_API_KEY"), "{off:?}");
    assert!(!lines.iter().any(|line| line.contains("wr0ng")), "the key is in the log");
}

#[tokio::test]
async fn without_keys_both_vendors_are_off_and_said_so() {
    let mut fixture =
        Recipe::default().variable("HONEYCOMB_API_KEY", "").variable("ROLLBAR_ACCESS_TOKEN", "").open().await;
    let (outcome, trace) = fixture.call("error").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.segments(trace, "GET /fixture").await;
    let seen = fixture.close().await;
    let off =
        |event: &&EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("no API key is set"));
    assert_eq!(seen.iter().filter(off).count(), 2);
}

#[tokio::test]
async fn a_wrong_token_turns_rollbar_off_in_one_clear_line_and_leaves_the_rest() {
    let mut fixture =
        Recipe::default().variable("ROLLBAR_ACCESS_TOKEN", "wr0ngwr0ngwr0ngwr0ngwr0ngwr0ng12").open().await;
    for _ in 0..3 {
        let (_, trace) = fixture.call("error").await;
        fixture.spans(trace, 3).await;
        fixture.segments(trace, "GET /fixture").await;
    }
    fixture.line("refused its credentials").await;
    let seen = fixture.close().await;
    let says =
        |event: &&EmulatorEvent, part: &str| matches!(event, EmulatorEvent::Line(line) if line.line.contains(part));
    let off: Vec<_> = seen.iter().filter(|event| says(event, "refused its credentials")).collect();
    assert!(off.len() == 1 && says(&off[0], "ROLLBAR_ACCESS_TOKEN"), "{off:?}");
    assert!(!seen.iter().any(|event| says(&event, "wr0ng")), "the token is in the log");
}

#[tokio::test]
async fn a_key_that_may_not_be_read_is_one_line_that_names_the_permission() {
    let arn = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
    let mut fixture = Recipe::default().variable("HONEYCOMB_API_KEY", arn).open().await;
    fixture.vendors.secrets.faults().add(Plan::always(Fault::ForbiddenKey)).expect("a fault it knows");
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    let line = fixture.line("failed to fetch its API key").await;
    assert!(line.line.contains("secretsmanager:GetSecretValue"), "{}", line.line);
    fixture.close().await;
}

#[tokio::test]
async fn hostile_answers_lose_nothing_and_repeat_only_what_was_never_answered() {
    for fault in [
        Fault::HalfAnswer,
        Fault::Reset { take: true },
        Fault::Reset { take: false },
        Fault::Cut { take: true },
        Fault::Cut { take: false },
        Fault::Drip { every: Duration::from_millis(1) },
        Fault::Late { after: Duration::from_millis(700) },
    ] {
        let mut fixture = plain().await;
        fixture.vendors.honeycomb.faults().add(Plan::times(1, fault.clone())).expect("a fault it knows");
        fixture.vendors.rollbar.faults().add(Plan::times(1, fault.clone())).expect("a fault it knows");
        let (_, trace) = fixture.call("error").await;
        fixture.discard().await;
        assert_eq!(fixture.spans(trace, 3).await.len(), 3, "{fault:?}");
        assert_eq!(fixture.items(trace, 1).await.len(), 1, "{fault:?}");
        assert_eq!(letters(&fixture.close().await).len(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_key_in_a_secret_or_a_parameter_is_found() {
    use crudder_fakes::{FakesConfig, HoneycombKey, RollbarToken, Secret, SecretsConfig};
    let secret = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
    let parameter = "arn:aws:ssm:ca-central-1:111122223333:parameter/crudder/rollbar";
    let secrets = SecretsConfig {
        secrets: vec![(secret.to_owned(), Secret::new(HoneycombKey::local().text.reveal()))],
        parameters: vec![(parameter.to_owned(), Secret::new(RollbarToken::local().text.reveal()))],
        ..SecretsConfig::default()
    };
    let recipe = Recipe::default().variable("HONEYCOMB_API_KEY", secret).variable("ROLLBAR_ACCESS_TOKEN", parameter);
    let mut fixture = recipe.open_beside(FakesConfig { secrets, ..FakesConfig::default() }).await;
    let (_, trace) = fixture.call("error").await;
    fixture.spans(trace, 3).await;
    fixture.items(trace, 1).await;
    fixture.close().await;
}

#[tokio::test]
async fn where_no_daemon_listens_documents_of_the_dead_go_to_the_api() {
    let mut fixture = plain().await;
    fixture.vendors.xray.shut().await;
    let (_, trace) = fixture.call("abort").await;
    let documents = |store: &crudder_fakes::XrayStore| {
        let documents = store.documents_of(trace);
        (!documents.is_empty()).then_some(documents)
    };
    let documents = fixture.vendors.xray_api.wait_for(crate::support::PATIENCE, documents).await;
    let documents = documents.expect("the document comes by PutTraceSegments");
    assert_eq!(documents[0].body["fault"], true);
    fixture.close().await;
}

#[tokio::test]
async fn a_vendor_that_is_down_for_long_under_load_gets_everything_when_it_is_back() {
    let mut fixture = Recipe::default().variable("CRUDDER_RECORDER_BYTES", "65536").open().await;
    fixture.vendors.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    let mut traces = Vec::new();
    for _ in 0..60 {
        traces.push(fixture.call("ok").await.1);
    }
    let spool = fixture.emulator.environments()[0].folder.join("tmp/crudder.recorder.spool");
    assert!(std::fs::read_dir(&spool).expect("a spool").count() > 0, "a ring of 64 kB holds less than 60 requests");
    fixture.vendors.honeycomb.faults().clear();
    fixture.discard().await;
    for trace in traces {
        assert_eq!(fixture.spans(trace, 3).await.len(), 3);
    }
    assert_eq!(letters(&fixture.close().await).len(), 0);
}

#[tokio::test]
async fn tail_sampling_keeps_errors_and_one_in_n_of_the_rest_with_its_rate() {
    let mut fixture = Recipe::default().variable("CRUDDER_SAMPLE_RATE", "4").open().await;
    let mut ordinary = Vec::new();
    // The cold start is kept as it is.
    let (_, cold) = fixture.call("ok").await;
    for _ in 0..8 {
        ordinary.push(fixture.call("ok").await.1);
    }
    let (_, failed) = fixture.call("error").await;
    fixture.discard().await;
    let spans = fixture.all_spans();
    let rates = |trace| {
        spans.iter().filter(move |span| span.trace_id == trace).map(|span| span.sample_rate).collect::<Vec<_>>()
    };
    assert_eq!((rates(cold), rates(failed)), (vec![1; 3], vec![1; 3]));
    let kept: Vec<_> = ordinary.iter().map(|trace| rates(*trace)).filter(|rates| !rates.is_empty()).collect();
    assert_eq!(kept, [vec![4; 3], vec![4; 3]], "two of eight, by trace id");
    fixture.close().await;
}

/// The vendors are back, and somebody hands them the letters of the log.
async fn replay_letters(fixture: &mut crate::support::Fixture) {
    fixture.catch_up();
    let line = |event: &EmulatorEvent| match event {
        EmulatorEvent::Line(line) => Some(format!("2026-11-22T10:00:00 {}", line.line)),
        _ => None,
    };
    let lines: Vec<String> = fixture.seen.iter().filter_map(line).collect();
    fixture.vendors.honeycomb.faults().clear();
    fixture.vendors.rollbar.faults().clear();
    let config = fixture.replaying();
    let replayed = crudder_extension::replay(lines, &config).await;
    assert_eq!((replayed.delivered, replayed.failed.as_slice()), (4, &[][..]), "three spans and an item");
    fixture.vendors.honeycomb.with_store(|store| assert_eq!(store.span_count(), 3));
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), 1));
}
