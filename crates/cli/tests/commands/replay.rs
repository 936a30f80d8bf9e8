//! Tests of `crudder replay`: each dead letter is delivered once, and bad lines are reported.

use crudder_fakes::{Fault, Plan, RetryAfter, Rollbar, RollbarConfig, RollbarToken, XrayApi, XrayConfig};
use crudder_testing::TIMEOUT;

use crate::dead_letters::{gzip, letter, rollbar_letter};
use crate::support::{CommandOutput, SECRET, WRONG_TOKEN, crudder, file, finish, run};

async fn start_rollbar() -> Rollbar {
    Rollbar::start(RollbarConfig::default()).await.unwrap()
}

fn variables(rollbar: &Rollbar) -> Vec<(&'static str, String)> {
    let token = RollbarToken::local().text.reveal().to_owned();
    vec![("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", rollbar.url())), ("ROLLBAR_ACCESS_TOKEN", token)]
}

/// Returns how many items Rollbar received, and how many of them repeatedly.
fn received(rollbar: &Rollbar) -> (u64, u64) {
    rollbar.with_store(|store| (store.item_count(), store.duplicate_items()))
}

#[tokio::test]
async fn each_letter_is_delivered_once_and_a_second_run_sends_nothing() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let lines =
        [rollbar_letter(1), "START RequestId: 1".into(), rollbar_letter(2), rollbar_letter(1), rollbar_letter(3)]
            .join("\n");
    let path = file(&folder, "export.log", lines);
    let path = path.to_str().unwrap();
    let first = run(&["replay", path], &variables(&rollbar)).await;
    assert_eq!((first.code, received(&rollbar)), (Some(0), (3, 0)), "{first:?}");
    assert!(first.out.contains("rollbar: 3 dead letters delivered (3 items)"), "{first:?}");
    assert!(first.out.contains("1 line repeated in the input"), "{first:?}");
    let again = run(&["replay", path], &variables(&rollbar)).await;
    assert_eq!((again.code, received(&rollbar)), (Some(0), (3, 0)), "{again:?}");
    assert!(again.out.contains("3 dead letters already delivered, not sent again"), "{again:?}");
}

#[tokio::test]
async fn letters_with_the_same_content_are_delivered_once() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let path =
        file(&folder, "export.log", [rollbar_letter(1), rollbar_letter(1).replace("letter-1", "letter-9")].join("\n"));
    let output = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!((output.code, received(&rollbar)), (Some(0), (1, 0)), "{output:?}");
}

#[tokio::test]
async fn after_a_killed_run_at_most_the_letter_in_flight_is_delivered_again() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let lines: Vec<String> = (1..=20).map(rollbar_letter).collect();
    let path = file(&folder, "export.log", lines.join("\n"));
    let path = path.to_str().unwrap();
    // Rollbar accepts and answers seven letters; it accepts the eighth and never answers.
    rollbar.faults().add(Plan::times(7, Fault::Delayed { by: std::time::Duration::ZERO })).unwrap();
    rollbar.faults().add(Plan::always(Fault::NoResponse { accept: true })).unwrap();
    let mut child = crudder(&["replay", path], &variables(&rollbar)).spawn().unwrap();
    rollbar.wait_for(TIMEOUT, |store| (store.item_count() == 8).then_some(())).await.unwrap();
    child.kill().await.unwrap();
    rollbar.faults().clear();
    let again = run(&["replay", path], &variables(&rollbar)).await;
    assert_eq!((again.code, received(&rollbar)), (Some(0), (20, 1)), "{again:?}");
    assert!(again.out.contains("7 dead letters already delivered"), "{again:?}");
}

#[tokio::test]
async fn concatenated_gzip_files_are_read_from_standard_input() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let line = |ordinal| format!("2026-11-22T10:00:00.123Z {}\n", rollbar_letter(ordinal));
    let compressed: Vec<u8> = (1..=3).flat_map(|ordinal| gzip(line(ordinal).as_bytes())).collect();
    let state = folder.path().join("state");
    let command = || crudder(&["replay", "-", "--state", state.to_str().unwrap()], &variables(&rollbar));
    let first = finish(command(), &compressed).await;
    assert_eq!((first.code, received(&rollbar)), (Some(0), (3, 0)), "{first:?}");
    let again = finish(command(), &compressed).await;
    assert_eq!((again.code, received(&rollbar)), (Some(0), (3, 0)), "{again:?}");
    let stateless = finish(crudder(&["replay", "-", "--dry-run"], &[]), &compressed).await;
    assert!(
        stateless.err.contains("--state FILE") && stateless.out.contains("3 dead letters would be"),
        "{stateless:?}"
    );
}

#[tokio::test]
async fn bad_lines_are_reported_and_counted_and_the_rest_is_delivered() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let cut = rollbar_letter(2);
    let cut = &cut[..cut.len() - 10];
    let half = rollbar_letter(5).replace("[1,1]", "[1,2]");
    let lines = [
        rollbar_letter(1),
        cut.to_owned(),
        letter("pager", 3, &gzip(b"x")),
        letter("rollbar", 4, b"no gzip"),
        half,
        rollbar_letter(6),
    ];
    let path = file(&folder, "export.log", lines.join("\n"));
    let output = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!((output.code, received(&rollbar)), (Some(1), (2, 0)), "{output:?}");
    for expected in [
        "skipped line 2",
        "unknown destination \"pager\"",
        "its payload is not gzip",
        "failed to reassemble dead letter letter-5: found 1 of 2 parts",
    ] {
        assert!(output.err.contains(expected), "{expected}: {output:?}");
    }
    assert!(
        output.out.contains("1 line skipped as malformed") && output.out.contains("3 dead letters not delivered"),
        "{output:?}"
    );
}

#[tokio::test]
async fn a_truncated_gzip_file_is_read_as_far_as_possible() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let mut compressed = gzip(format!("{}\n", rollbar_letter(1)).as_bytes());
    compressed.extend(&gzip(rollbar_letter(2).as_bytes())[..40]);
    let path = file(&folder, "export.gz", compressed);
    let output = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!((output.code, received(&rollbar)), (Some(1), (1, 0)), "{output:?}");
    assert!(output.err.contains("the input ends early"), "{output:?}");
}

#[tokio::test]
async fn a_letter_that_decompresses_to_too_many_bytes_is_not_delivered() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let bomb = gzip(&vec![b' '; 200 << 20]);
    let path = file(&folder, "export.log", [letter("rollbar", 1, &bomb), rollbar_letter(2)].join("\n"));
    let output = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!((output.code, received(&rollbar)), (Some(1), (1, 0)), "{output:?}");
    assert!(output.err.contains("unpacks to more"), "{output:?}");
}

#[tokio::test]
async fn a_rejected_token_is_reported_with_its_variable_and_used_only_once() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", [rollbar_letter(1), rollbar_letter(2)].join("\n"));
    let mut wrong = variables(&rollbar);
    wrong[1].1 = WRONG_TOKEN.to_owned();
    let output = run(&["replay", path.to_str().unwrap()], &wrong).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.err.contains("the key is refused with 403: check ROLLBAR_ACCESS_TOKEN"), "{output:?}");
    assert_eq!(rollbar.with_store(|store| store.call_log().request_count()), 1, "{output:?}");
    let none = run(&["replay", path.to_str().unwrap()], &[]).await;
    assert!(none.err.contains("no key is set: export ROLLBAR_ACCESS_TOKEN"), "{none:?}");
}

#[tokio::test]
async fn a_throttled_letter_is_sent_again() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    rollbar.faults().add(Plan::times(2, Fault::Throttled(RetryAfter::Seconds(0)))).unwrap();
    let path = file(&folder, "export.log", rollbar_letter(1));
    let output = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!((output.code, received(&rollbar)), (Some(0), (1, 0)), "{output:?}");
}

#[tokio::test]
async fn a_refused_connection_is_reported_and_a_later_run_delivers() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", rollbar_letter(1));
    rollbar.stop_listening().await;
    let refused = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("no response"), "{refused:?}");
    rollbar.start_listening().unwrap();
    let again = run(&["replay", path.to_str().unwrap()], &variables(&rollbar)).await;
    assert_eq!((again.code, received(&rollbar)), (Some(0), (1, 0)), "{again:?}");
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_writes_no_progress_file() {
    let (rollbar, folder) = (start_rollbar().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", [rollbar_letter(1), rollbar_letter(2), rollbar_letter(2)].join("\n"));
    let CommandOutput { code, out, .. } =
        run(&["replay", path.to_str().unwrap(), "--dry-run"], &variables(&rollbar)).await;
    assert_eq!((code, received(&rollbar)), (Some(0), (0, 0)));
    assert!(out.contains("rollbar: 2 dead letters would be delivered"), "{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "there is no progress file");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_or_used_is_reported_with_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(&["replay", "/nonexistent/export.log"], &[]).await;
    assert!(missing.code == Some(1) && missing.err.contains("/nonexistent/export.log"), "{missing:?}");
    let path = file(&folder, "export.log", rollbar_letter(1));
    let diary = file(&folder, "diary", "my diary\n");
    let foreign = run(&["replay", path.to_str().unwrap(), "--state", diary.to_str().unwrap()], &[]).await;
    assert!(foreign.code == Some(1) && foreign.err.contains("choose another file with --state"), "{foreign:?}");
}

#[tokio::test]
async fn documents_for_x_ray_are_signed_with_the_credentials_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = crate::fake_cloud::credentials();
    let profile = format!(
        "[student]\naws_access_key_id = {}\naws_secret_access_key = {SECRET}\nregion = eu-west-1\n",
        credentials.id
    );
    let shared = file(&folder, "credentials", profile);
    let xray = XrayApi::start(XrayConfig { credentials: Some(credentials), ..XrayConfig::default() }).await.unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let document = format!(
        "{{\"format\":\"json\",\"version\":1}}\n{{\"trace_id\":\"1-{now:08x}-0123456789abcdef01234567\",\"id\":\"1111222233334444\",\"parent_id\":\"aaaabbbbccccdddd\",\"type\":\"subsegment\",\"name\":\"fault\",\"start_time\":{now},\"end_time\":{now}}}"
    );
    let path = file(&folder, "export.log", letter("xray", 1, &gzip(document.as_bytes())));
    let variables = [
        ("AWS_ENDPOINT_URL_XRAY", xray.url()),
        ("AWS_PROFILE", "student".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", shared.to_str().unwrap().to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    let output = run(&["replay", path.to_str().unwrap()], &variables).await;
    assert_eq!((output.code, xray.with_store(|store| store.document_count())), (Some(0), 1), "{output:?}");
    let other = file(&folder, "other.log", letter("xray", 2, &gzip(document.as_bytes())));
    let none = run(&["replay", other.to_str().unwrap()], &variables[..1]).await;
    assert!(
        none.code == Some(1) && none.err.contains("failed to load AWS credentials for X-Ray: no AWS region is set"),
        "{none:?}"
    );
}
