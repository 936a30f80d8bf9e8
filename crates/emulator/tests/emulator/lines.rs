//! What processes print arrives, whole and in order.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, LogLine, Source, Stream};

use crate::support::{Recipe, plain, soon};

#[tokio::test]
async fn thousands_of_lines_arrive_complete_and_in_order() {
    const LINES: usize = 30_000;
    let mut emulator = plain();
    emulator.answer(&format!(r#"{{"do":"print","lines":{LINES}}}"#)).await;
    emulator.line(&format!("line {}", LINES - 1)).await;
    let lines: Vec<String> = emulator
        .seen()
        .iter()
        .filter_map(|event| match event {
            EmulatorEvent::Line(LogLine { source: Source::Function, stream: Stream::Stdout, line, .. }) => {
                Some(line.clone())
            }
            _ => None,
        })
        .collect();
    let expected: Vec<String> = (0..LINES).map(|number| format!("line {number}")).collect();
    assert_eq!(lines.len(), expected.len());
    assert!(lines == expected, "the order is not kept");
    assert_eq!(emulator.lost(), 0);
    emulator.close().await;
}

#[tokio::test]
async fn a_line_says_where_it_comes_from() {
    let mut emulator = plain();
    let outcome = emulator.invoke(r#"{"do":"print","lines":1}"#).await;
    let line = emulator.line("and one on stderr").await;
    assert_eq!((line.stream, line.source), (Stream::Stderr, Source::Function));
    assert_eq!((line.function.as_str(), line.environment), ("guest", outcome.info().environment.clone()));
    assert!(line.log_stream.contains("/[$LATEST]"), "{}", line.log_stream);
    emulator.close().await;
}

#[tokio::test]
async fn the_last_words_of_a_dying_function_arrive() {
    let mut emulator = plain();
    emulator.invoke(r#"{"do":"panic"}"#).await;
    assert_eq!(emulator.line("told to").await.stream, Stream::Stderr);
    emulator.close().await;
}

#[tokio::test]
async fn lambda_writes_a_start_and_a_report_for_each_invocation() {
    let mut emulator = plain();
    let outcome = emulator.invoke("{}").await;
    let start: serde_json::Value = serde_json::from_str(&emulator.line("platform.start").await.line).expect("JSON");
    assert_eq!(start["record"]["requestId"], outcome.info().request_id);
    assert_eq!(start["record"]["version"], "$LATEST");
    let report: serde_json::Value = serde_json::from_str(&emulator.line("platform.report").await.line).expect("JSON");
    let metrics = &report["record"]["metrics"];
    assert_eq!(report["record"]["status"], "success");
    assert_eq!(metrics["memorySizeMB"], 128);
    assert!(metrics["maxMemoryUsedMB"].as_u64() > Some(0), "{metrics}");
    let milliseconds = |name: &str| metrics[name].as_f64().expect("a number");
    let billed = (milliseconds("durationMs") + milliseconds("initDurationMs")).ceil();
    assert_eq!(milliseconds("billedDurationMs"), billed);
    emulator.frozen().await;
    emulator.forget();
    emulator.invoke("{}").await;
    let report: serde_json::Value = serde_json::from_str(&emulator.line("platform.report").await.line).expect("JSON");
    assert!(report["record"]["metrics"]["initDurationMs"].is_null(), "only a cold start has one: {report}");
    emulator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_wrote_comes_before_what_lambda_says_about_it() {
    let mut emulator = plain();
    for count in 0..20 {
        emulator.forget();
        let event = if count % 2 == 0 { r#"{"do":"print","lines":50}"# } else { r#"{"do":"panic"}"# };
        let request = emulator.invoke(event).await.info().request_id.clone();
        let ended = |event: &EmulatorEvent| {
            matches!(event, EmulatorEvent::InvocationEnded { request_id, .. } if *request_id == request).then_some(())
        };
        emulator.wait_for("end", ended).await;
        let spoken = emulator.seen().iter().position(|event| {
            matches!(event, EmulatorEvent::Line(line) if line.line.contains("told to") || line.line == "and one on stderr")
        });
        let reported = emulator.seen().iter().position(|event| ended(event).is_some());
        assert!(spoken.is_some() && spoken < reported, "{count}: {spoken:?} {reported:?} {:#?}", emulator.seen());
    }
    emulator.close().await;
}

#[tokio::test]
async fn a_subscriber_who_reads_nothing_does_not_stop_the_function() {
    let emulator = Recipe { timeout: Duration::from_secs(25), ..Recipe::default() }.open();
    let idle = emulator.emulator.subscribe();
    // More than the queue and the pipe hold together.
    emulator.answer(r#"{"do":"print","lines":140000}"#).await;
    soon(async {
        while idle.lost() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    emulator.close().await;
}
