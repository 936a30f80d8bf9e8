//! Tests of `crudder trace` with a deployed stack.

use crudder_fakes::AwsConfig;
use serde_json::Value;

use crate::fake_cloud::{FakeCloud, valid_keys};
use crate::support::{CommandOutput, run};

const ID: &str = "1-6921f3a0-0123456789abcdef01234567";

/// Starts a stack and sends one request; returns its trace ID, which is [`ID`] with the current
/// second.
async fn start_with_request(change: impl FnOnce(&mut AwsConfig)) -> (FakeCloud, String) {
    let cloud = FakeCloud::start(change).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let id = format!("1-{now:08x}-{}", &ID[11..]);
    let request = reqwest::Client::new().get(format!("{}/dev/api/activities/home", cloud.aws.url()));
    request.header("x-amzn-trace-id", format!("Root={id};Sampled=1")).send().await.unwrap();
    (cloud, id)
}

async fn run_trace(cloud: &FakeCloud, id: &str, more: &[&str]) -> CommandOutput {
    let args = [&["trace", id, "--stack", "crudder-dev", "--wait", "5"], more].concat();
    run(&args, &cloud.variables(&[("COLUMNS", "120")])).await
}

#[tokio::test]
async fn a_request_is_shown_with_bars_log_lines_and_links() {
    let (cloud, id) = start_with_request(|_| ()).await;
    let (key, _) = valid_keys();
    let output = run(&["trace", &id, "--stack", "crudder-dev"], &cloud.variables(&[("HONEYCOMB_API_KEY", &key)])).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    for expected in [
        "GET /api/activities/home  200  90.0 ms",
        "          DynamoDB",
        "operation=Query  table=crudder",
        "INFO  Hello Cloudwatch! from  /api/activities/home",
        &format!("#xray:traces/{id}"),
        "log-group/$252Fcrudder$252Fdev$252Fhome-activities",
        "https://ui.honeycomb.io/crudder/environments/crudder/trace?trace_id=",
    ] {
        assert!(output.out.contains(expected), "{expected}\n{}", output.out);
    }
    assert!(!output.out.contains('\u{1b}'), "output to a pipe is plain text");
}

#[tokio::test]
async fn the_failed_span_of_a_death_is_marked() {
    let (cloud, id) = start_with_request(|aws| aws.function_died = true).await;
    let output = run_trace(&cloud, &id, &[]).await;
    let line = output.out.lines().find(|line| line.contains("<- failed span")).unwrap_or_else(|| panic!("{output:?}"));
    assert!(line.contains("DynamoDB") && line.contains("fault"), "{line}");
    assert!(output.out.contains("https://rollbar.com/occurrence/uuid/?uuid="), "{output:?}");
    let output = run_trace(&cloud, &id, &["--json"]).await;
    let trace: Value = serde_json::from_str(&output.out).unwrap();
    let failed: Vec<&Value> =
        trace["spans"].as_array().unwrap().iter().filter(|span| span["culprit"] == true).collect();
    assert!(matches!(failed.as_slice(), [one] if one["name"] == "DynamoDB" && one["depth"] == 5), "{trace}");
}

#[tokio::test]
async fn every_form_of_the_id_finds_the_trace() {
    let (cloud, id) = start_with_request(|_| ()).await;
    let w3c = id[2..].replace('-', "");
    for form in [
        w3c.clone(),
        format!("00-{w3c}-53995c3f42cd8ad8-01"),
        format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"),
        format!("https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#xray:traces/{id}"),
    ] {
        let output = run_trace(&cloud, &form, &["--json"]).await;
        assert_eq!(output.code, Some(0), "{form}: {output:?}");
    }
}

#[tokio::test]
async fn trace_waits_for_a_trace_that_appears_late_or_in_parts() {
    let (cloud, id) = start_with_request(|aws| (aws.empty_reads, aws.partial_reads) = (2, 2)).await;
    let output = run_trace(&cloud, &id, &[]).await;
    assert!(output.code == Some(0) && output.out.contains("DynamoDB"), "{output:?}");
    assert_eq!(cloud.aws.with_store(|store| store.call_count("xray:BatchGetTraces")), 5);
}

#[tokio::test]
async fn with_transaction_search_the_log_lines_are_shown_and_a_note_says_why_there_are_no_spans() {
    let (cloud, id) = start_with_request(|aws| aws.transaction_search = Some(1.0)).await;
    let output = run_trace(&cloud, &id, &[]).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.out.contains("Hello Cloudwatch!") && output.out.contains("Transaction Search is on"), "{output:?}");
}

#[tokio::test]
async fn each_error_says_how_to_fix_it() {
    let (cloud, id) = start_with_request(|aws| aws.denied = vec!["xray:BatchGetTraces"]).await;
    let denied = run_trace(&cloud, &id, &[]).await;
    assert!(denied.code == Some(1) && denied.err.contains("fix: allow xray:BatchGetTraces"), "{denied:?}");
    let (cloud, id) = start_with_request(|aws| aws.denied = vec!["logs:FilterLogEvents"]).await;
    let no_lines = run_trace(&cloud, &id, &[]).await;
    assert!(
        no_lines.code == Some(0) && no_lines.out.contains("no permission for logs:FilterLogEvents"),
        "{no_lines:?}"
    );
    let (cloud, _) = start_with_request(|_| ()).await;
    let args = ["trace", ID, "--stack", "crudder-dev", "--wait", "0"];
    let unknown = run(&args, &cloud.aws_variables()).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("stack crudder-dev does not have it"), "{unknown:?}");
    let no_id = run(&["trace", "hello"], &[]).await;
    assert!(no_id.code == Some(1) && no_id.err.contains("1-8hex-24hex"), "{no_id:?}");
    cloud.aws.stop_listening().await;
    let console = run(&["trace", ID, "--console", &cloud.aws.url()], &[]).await;
    assert!(console.err.contains("is `crudder local` running there?"), "{console:?}");
}
