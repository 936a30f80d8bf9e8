//! Destinations that are slow, throttle, fail, or refuse the extension.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, Outcome};
use crudder_fakes::{Fault, Plan, RetryAfter};

use crate::support::{Setup, start};

fn dead_letters(seen: &[EmulatorEvent]) -> Vec<serde_json::Value> {
    let line = |event: &EmulatorEvent| match event {
        EmulatorEvent::Line(line) if line.line.contains("dead letter") => serde_json::from_str(&line.line).ok(),
        _ => None,
    };
    seen.iter().filter_map(line).collect()
}

#[tokio::test]
async fn a_throttling_destination_gets_everything_later_and_once() {
    for fault in [
        Fault::Throttled(RetryAfter::Seconds(1)),
        Fault::Unavailable(RetryAfter::DateIn(Duration::from_secs(1))),
        Fault::BadGateway,
        Fault::ServerError,
        Fault::ForbiddenThrottling,
    ] {
        let mut fixture = start().await;
        fixture.fakes.honeycomb.faults().add(Plan::times(1, fault.clone())).expect("a fault it knows");
        let (_, trace) = fixture.call("ok").await;
        // SHUTDOWN is the last chance to try again.
        fixture.discard().await;
        let spans = fixture.spans(trace, 3).await;
        assert_eq!(spans.len(), 3, "{fault:?}");
        assert_eq!(dead_letters(&fixture.close().await).len(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_destination_that_is_down_to_the_end_leaves_dead_letters_that_can_be_replayed() {
    let mut fixture = start().await;
    fixture.fakes.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    fixture.fakes.rollbar.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    fixture.call("error").await;
    fixture.discard().await;
    replay_dead_letters(&mut fixture).await;
    let seen = fixture.close().await;
    let mut destinations: Vec<_> =
        dead_letters(&seen).iter().map(|letter| letter["vendor"].as_str().unwrap_or_default().to_owned()).collect();
    destinations.sort();
    assert_eq!(destinations, ["honeycomb", "rollbar"]);
    let secret =
        |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("s3cr3t-t0ken"));
    assert!(!seen.iter().any(secret));
}

#[tokio::test]
async fn a_rejected_span_alone_becomes_a_dead_letter() {
    let mut fixture = start().await;
    let poison = Fault::Poisoned { key: "mark".into(), value: "hemlock".into() };
    fixture.fakes.honeycomb.faults().add(Plan::always(poison)).expect("a fault it knows");
    let (_, trace) = fixture.call("poison").await;
    fixture.discard().await;
    let spans = fixture.spans(trace, 3).await;
    assert!(!spans.contains_key("poisoned"), "{:?}", spans.keys());
    let letters = dead_letters(&fixture.close().await);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!((&letters[0]["items"], &letters[0]["reason"]), (&1.into(), &"refused with 400".into()));
}

#[tokio::test]
async fn a_batch_accepted_in_part_is_never_sent_again() {
    let mut fixture = start().await;
    let partial = Fault::PartialSuccess { rejected: 1, message: "one too many".into() };
    fixture.fakes.honeycomb.faults().add(Plan::times(1, partial)).expect("a fault it knows");
    fixture.call("ok").await;
    let line = fixture.line("accepted a batch in part").await;
    assert!(line.line.contains("one too many"), "{}", line.line);
    fixture.fakes.honeycomb.with_store(|store| assert_eq!((store.span_count(), store.rejected_spans()), (2, 1)));
    fixture.close().await;
}

#[tokio::test]
async fn a_wrong_key_is_reported_in_one_line_without_the_key() {
    let mut fixture = Setup::default().variable("HONEYCOMB_API_KEY", "hcaik_wr0ngwr0ngwr0ngwr0ng").start().await;
    for _ in 0..3 {
        let (outcome, trace) = fixture.call("ok").await;
        assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
        fixture.segments(trace, "GET /fixture").await;
    }
    fixture.line("refused its credentials").await;
    let seen = fixture.close().await;
    let lines: Vec<_> = seen
        .iter()
        .filter_map(|event| if let EmulatorEvent::Line(line) = event { Some(line.line.as_str()) } else { None })
        .collect();
    let refused: Vec<_> = lines.iter().filter(|line| line.contains("refused its credentials")).collect();
    assert!(refused.len() == 1 && refused[0].contains("HONEYCOMB_API_KEY"), "{refused:?}");
    assert!(!lines.iter().any(|line| line.contains("wr0ng")), "the key is in the log");
}

#[tokio::test]
async fn without_keys_both_exporters_are_disabled_and_reported() {
    let mut fixture =
        Setup::default().variable("HONEYCOMB_API_KEY", "").variable("ROLLBAR_ACCESS_TOKEN", "").start().await;
    let (outcome, trace) = fixture.call("error").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.segments(trace, "GET /fixture").await;
    let seen = fixture.close().await;
    let disabled =
        |event: &&EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("no API key is set"));
    assert_eq!(seen.iter().filter(disabled).count(), 2);
}

#[tokio::test]
async fn a_wrong_token_disables_only_rollbar_and_is_reported_in_one_line() {
    let mut fixture =
        Setup::default().variable("ROLLBAR_ACCESS_TOKEN", "wr0ngwr0ngwr0ngwr0ngwr0ngwr0ng12").start().await;
    for _ in 0..3 {
        let (_, trace) = fixture.call("error").await;
        fixture.spans(trace, 3).await;
        fixture.segments(trace, "GET /fixture").await;
    }
    fixture.line("refused its credentials").await;
    let seen = fixture.close().await;
    let contains =
        |event: &&EmulatorEvent, part: &str| matches!(event, EmulatorEvent::Line(line) if line.line.contains(part));
    let refused: Vec<_> = seen.iter().filter(|event| contains(event, "refused its credentials")).collect();
    assert!(refused.len() == 1 && contains(&refused[0], "ROLLBAR_ACCESS_TOKEN"), "{refused:?}");
    assert!(!seen.iter().any(|event| contains(&event, "wr0ng")), "the token is in the log");
}

#[tokio::test]
async fn a_key_without_read_permission_is_reported_with_the_missing_permission() {
    let arn = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
    let mut fixture = Setup::default().variable("HONEYCOMB_API_KEY", arn).start().await;
    fixture.fakes.secrets.faults().add(Plan::always(Fault::ForbiddenKey)).expect("a fault it knows");
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    let line = fixture.line("failed to fetch its API key").await;
    assert!(line.line.contains("secretsmanager:GetSecretValue"), "{}", line.line);
    fixture.close().await;
}

#[tokio::test]
async fn faulty_responses_lose_nothing_and_repeat_only_unanswered_batches() {
    for fault in [
        Fault::TruncatedResponse,
        Fault::Reset { accept: true },
        Fault::Reset { accept: false },
        Fault::Closed { accept: true },
        Fault::Closed { accept: false },
        Fault::SlowResponse { interval: Duration::from_millis(1) },
        Fault::Delayed { by: Duration::from_millis(700) },
    ] {
        let mut fixture = start().await;
        fixture.fakes.honeycomb.faults().add(Plan::times(1, fault.clone())).expect("a fault it knows");
        fixture.fakes.rollbar.faults().add(Plan::times(1, fault.clone())).expect("a fault it knows");
        let (_, trace) = fixture.call("error").await;
        fixture.discard().await;
        assert_eq!(fixture.spans(trace, 3).await.len(), 3, "{fault:?}");
        assert_eq!(fixture.items(trace, 1).await.len(), 1, "{fault:?}");
        assert_eq!(dead_letters(&fixture.close().await).len(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_key_in_a_secret_or_a_parameter_is_fetched() {
    use crudder_fakes::{FakesConfig, HoneycombKey, RollbarToken, Secret, SecretsConfig};
    let secret = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
    let parameter = "arn:aws:ssm:ca-central-1:111122223333:parameter/crudder/rollbar";
    let secrets = SecretsConfig {
        secrets: vec![(secret.to_owned(), Secret::new(HoneycombKey::local().text.reveal()))],
        parameters: vec![(parameter.to_owned(), Secret::new(RollbarToken::local().text.reveal()))],
        ..SecretsConfig::default()
    };
    let setup = Setup::default().variable("HONEYCOMB_API_KEY", secret).variable("ROLLBAR_ACCESS_TOKEN", parameter);
    let mut fixture = setup.start_with(FakesConfig { secrets, ..FakesConfig::default() }).await;
    let (_, trace) = fixture.call("error").await;
    fixture.spans(trace, 3).await;
    fixture.items(trace, 1).await;
    fixture.close().await;
}

#[tokio::test]
async fn without_a_daemon_the_documents_of_a_death_go_to_the_api() {
    let mut fixture = start().await;
    fixture.fakes.xray.stop_listening().await;
    let (_, trace) = fixture.call("abort").await;
    let documents = |store: &crudder_fakes::XrayStore| {
        let documents = store.documents_of(trace);
        (!documents.is_empty()).then_some(documents)
    };
    let documents = fixture.fakes.xray_api.wait_for(crate::support::TIMEOUT, documents).await;
    let documents = documents.expect("the document comes by PutTraceSegments");
    assert_eq!(documents[0].body["fault"], true);
    fixture.close().await;
}

#[tokio::test]
async fn a_destination_that_was_down_under_load_gets_everything_after_recovery() {
    let mut fixture = Setup::default().variable("CRUDDER_RECORDER_BYTES", "65536").start().await;
    fixture.fakes.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    let mut traces = Vec::new();
    for _ in 0..60 {
        traces.push(fixture.call("ok").await.1);
    }
    let spool = fixture.emulator.environments()[0].folder.join("tmp/crudder.recorder.spool");
    assert!(std::fs::read_dir(&spool).expect("a spool").count() > 0, "a ring of 64 kB holds less than 60 requests");
    fixture.fakes.honeycomb.faults().clear();
    fixture.discard().await;
    for trace in traces {
        assert_eq!(fixture.spans(trace, 3).await.len(), 3);
    }
    assert_eq!(dead_letters(&fixture.close().await).len(), 0);
}

#[tokio::test]
async fn tail_sampling_keeps_errors_and_one_in_n_of_the_rest_with_its_rate() {
    let mut fixture = Setup::default().variable("CRUDDER_SAMPLE_RATE", "4").start().await;
    let mut ordinary = Vec::new();
    // The cold start is always kept.
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

/// Ends the outage and replays the dead letters of the log.
async fn replay_dead_letters(fixture: &mut crate::support::Fixture) {
    fixture.catch_up();
    let line = |event: &EmulatorEvent| match event {
        EmulatorEvent::Line(line) => Some(format!("2026-11-22T10:00:00 {}", line.line)),
        _ => None,
    };
    let lines: Vec<String> = fixture.seen.iter().filter_map(line).collect();
    fixture.fakes.honeycomb.faults().clear();
    fixture.fakes.rollbar.faults().clear();
    let config = fixture.replay_config();
    let replayed = crudder_extension::replay(lines, &config).await;
    assert_eq!((replayed.delivered, replayed.failed.as_slice()), (4, &[][..]), "three spans and an item");
    fixture.fakes.honeycomb.with_store(|store| assert_eq!(store.span_count(), 3));
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), 1));
}
