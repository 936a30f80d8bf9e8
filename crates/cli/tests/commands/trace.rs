//! One request of a deployed stack, from X-Ray and CloudWatch.

use crudder_fakes::AwsConfig;
use serde_json::Value;

use crate::cloud::{Cloud, known};
use crate::support::{Ended, run};

const ID: &str = "1-6921f3a0-0123456789abcdef01234567";

/// A stack whose API has had one request, of the trace `ID` in this very second.
async fn requested(spoil: impl FnOnce(&mut AwsConfig)) -> (Cloud, String) {
    let cloud = Cloud::start(spoil).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let id = format!("1-{now:08x}-{}", &ID[11..]);
    let request = reqwest::Client::new().get(format!("{}/dev/api/activities/home", cloud.aws.url()));
    request.header("x-amzn-trace-id", format!("Root={id};Sampled=1")).send().await.unwrap();
    (cloud, id)
}

async fn traced(cloud: &Cloud, id: &str, more: &[&str]) -> Ended {
    let args = [&["trace", id, "--stack", "crudder-dev", "--wait", "5"], more].concat();
    run(&args, &cloud.with(&[("COLUMNS", "120")])).await
}

#[tokio::test]
async fn a_request_is_shown_with_bars_lines_and_links() {
    let (cloud, id) = requested(|_| ()).await;
    let (key, _) = known();
    let ended = run(&["trace", &id, "--stack", "crudder-dev"], &cloud.with(&[("HONEYCOMB_API_KEY", &key)])).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for told in [
        "GET /api/activities/home  200  90.0 ms",
        "          DynamoDB",
        "operation=Query  table=crudder",
        "INFO  Hello Cloudwatch! from  /api/activities/home",
        &format!("#xray:traces/{id}"),
        "log-group/$252Fcrudder$252Fdev$252Fhome-activities",
        "https://ui.honeycomb.io/crudder/environments/crudder/trace?trace_id=",
    ] {
        assert!(ended.out.contains(told), "{told}\n{}", ended.out);
    }
    assert!(!ended.out.contains('\u{1b}'), "a pipe gets plain text");
}

#[tokio::test]
async fn the_culprit_of_a_death_is_marked() {
    let (cloud, id) = requested(|aws| aws.function_died = true).await;
    let ended = traced(&cloud, &id, &[]).await;
    let line = ended.out.lines().find(|line| line.contains("culprit")).unwrap_or_else(|| panic!("{ended:?}"));
    assert!(line.contains("DynamoDB") && line.contains("fault"), "{line}");
    assert!(ended.out.contains("https://rollbar.com/occurrence/uuid/?uuid="), "{ended:?}");
    let told = traced(&cloud, &id, &["--json"]).await;
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let culprits: Vec<&Value> =
        told["spans"].as_array().unwrap().iter().filter(|span| span["culprit"] == true).collect();
    assert!(matches!(culprits.as_slice(), [one] if one["name"] == "DynamoDB" && one["depth"] == 5), "{told}");
}

#[tokio::test]
async fn every_form_of_the_id_finds_the_trace() {
    let (cloud, id) = requested(|_| ()).await;
    let w3c = id[2..].replace('-', "");
    for form in [
        w3c.clone(),
        format!("00-{w3c}-53995c3f42cd8ad8-01"),
        format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"),
        format!("https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#xray:traces/{id}"),
    ] {
        let ended = traced(&cloud, &form, &["--json"]).await;
        assert_eq!(ended.code, Some(0), "{form}: {ended:?}");
    }
}

#[tokio::test]
async fn a_trace_that_comes_late_or_in_parts_is_waited_for() {
    let (cloud, id) = requested(|aws| (aws.empty_reads, aws.partial_reads) = (2, 2)).await;
    let ended = traced(&cloud, &id, &[]).await;
    assert!(ended.code == Some(0) && ended.out.contains("DynamoDB"), "{ended:?}");
    assert_eq!(cloud.aws.with_store(|store| store.call_count("xray:BatchGetTraces")), 5);
}

#[tokio::test]
async fn with_transaction_search_the_lines_are_shown_and_why_there_are_no_spans() {
    let (cloud, id) = requested(|aws| aws.transaction_search = Some(1.0)).await;
    let ended = traced(&cloud, &id, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("Hello Cloudwatch!") && ended.out.contains("Transaction Search is on"), "{ended:?}");
}

#[tokio::test]
async fn what_stands_in_the_way_is_named_with_the_mend() {
    let (cloud, id) = requested(|aws| aws.denied = vec!["xray:BatchGetTraces"]).await;
    let denied = traced(&cloud, &id, &[]).await;
    assert!(denied.code == Some(1) && denied.err.contains("mend: allow xray:BatchGetTraces"), "{denied:?}");
    let (cloud, id) = requested(|aws| aws.denied = vec!["logs:FilterLogEvents"]).await;
    let blind = traced(&cloud, &id, &[]).await;
    assert!(blind.code == Some(0) && blind.out.contains("no permission for logs:FilterLogEvents"), "{blind:?}");
    let (cloud, _) = requested(|_| ()).await;
    let args = ["trace", ID, "--stack", "crudder-dev", "--wait", "0"];
    let unknown = run(&args, &cloud.signed()).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("stack crudder-dev does not know it"), "{unknown:?}");
    let no_id = run(&["trace", "hello"], &[]).await;
    assert!(no_id.code == Some(1) && no_id.err.contains("1-8hex-24hex"), "{no_id:?}");
    cloud.aws.stop_listening().await;
    let console = run(&["trace", ID, "--console", &cloud.aws.url()], &[]).await;
    assert!(console.err.contains("is `crudder local` running there?"), "{console:?}");
}
