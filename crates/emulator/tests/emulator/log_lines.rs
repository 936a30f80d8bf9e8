//! The lines that processes print arrive complete and in order.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, LogLine, Source, Stream};
use crudder_testing::wait::wait_until;

use crate::support::{FixtureConfig, start_fixture};

#[tokio::test]
async fn thousands_of_lines_arrive_complete_and_in_order() {
    const LINES: usize = 30_000;
    let mut fixture = start_fixture();
    fixture.response(&format!(r#"{{"do":"print","lines":{LINES}}}"#)).await;
    fixture.wait_for_line(&format!("line {}", LINES - 1)).await;
    let lines: Vec<String> = fixture
        .events()
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
    assert!(lines == expected, "the lines are out of order");
    assert_eq!(fixture.lost(), 0);
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_line_has_its_source_and_stream() {
    let mut fixture = start_fixture();
    let outcome = fixture.invoke(r#"{"do":"print","lines":1}"#).await;
    let line = fixture.wait_for_line("and one on stderr").await;
    assert_eq!((line.stream, line.source), (Stream::Stderr, Source::Function));
    assert_eq!((line.function.as_str(), line.environment), ("test-function", outcome.info().environment.clone()));
    assert!(line.log_stream.contains("/[$LATEST]"), "{}", line.log_stream);
    fixture.shutdown().await;
}

#[tokio::test]
async fn the_last_lines_of_a_panicking_function_arrive() {
    let mut fixture = start_fixture();
    fixture.invoke(r#"{"do":"panic"}"#).await;
    assert_eq!(fixture.wait_for_line("panicked on request").await.stream, Stream::Stderr);
    fixture.shutdown().await;
}

#[tokio::test]
async fn lambda_writes_a_start_and_a_report_for_each_invocation() {
    let mut fixture = start_fixture();
    let outcome = fixture.invoke("{}").await;
    let start: serde_json::Value =
        serde_json::from_str(&fixture.wait_for_line("platform.start").await.line).expect("JSON");
    assert_eq!(start["record"]["requestId"], outcome.info().request_id);
    assert_eq!(start["record"]["version"], "$LATEST");
    let report: serde_json::Value =
        serde_json::from_str(&fixture.wait_for_line("platform.report").await.line).expect("JSON");
    let metrics = &report["record"]["metrics"];
    assert_eq!(report["record"]["status"], "success");
    assert_eq!(metrics["memorySizeMB"], 128);
    assert!(metrics["maxMemoryUsedMB"].as_u64() > Some(0), "{metrics}");
    let milliseconds = |name: &str| metrics[name].as_f64().expect("a number");
    let billed = (milliseconds("durationMs") + milliseconds("initDurationMs")).ceil();
    assert_eq!(milliseconds("billedDurationMs"), billed);
    fixture.wait_until_frozen().await;
    fixture.clear_events();
    fixture.invoke("{}").await;
    let report: serde_json::Value =
        serde_json::from_str(&fixture.wait_for_line("platform.report").await.line).expect("JSON");
    assert!(report["record"]["metrics"]["initDurationMs"].is_null(), "only a cold start has one: {report}");
    fixture.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_function_come_before_the_report_of_its_invocation() {
    let mut fixture = start_fixture();
    for count in 0..20 {
        fixture.clear_events();
        let event = if count % 2 == 0 { r#"{"do":"print","lines":50}"# } else { r#"{"do":"panic"}"# };
        let request = fixture.invoke(event).await.info().request_id.clone();
        let ended = |event: &EmulatorEvent| {
            matches!(event, EmulatorEvent::InvocationEnded { request_id, .. } if *request_id == request).then_some(())
        };
        fixture.wait_for("end", ended).await;
        let written = fixture.events().iter().position(|event| {
            matches!(event, EmulatorEvent::Line(line) if line.line.contains("panicked on request") || line.line == "and one on stderr")
        });
        let reported = fixture.events().iter().position(|event| ended(event).is_some());
        assert!(written.is_some() && written < reported, "{count}: {written:?} {reported:?} {:#?}", fixture.events());
    }
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_subscriber_that_reads_nothing_does_not_block_the_function() {
    let fixture = FixtureConfig { timeout: Duration::from_secs(25), ..FixtureConfig::default() }.start();
    let idle = fixture.emulator.subscribe();
    // These are more lines than the queue and the pipe hold together.
    fixture.response(r#"{"do":"print","lines":140000}"#).await;
    wait_until("a lost event", || idle.lost() > 0).await;
    fixture.shutdown().await;
}
