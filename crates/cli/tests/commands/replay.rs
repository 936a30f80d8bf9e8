//! Dead letters: each delivered once, whatever happens to the run, and nothing of a bad line but its number.

use crudder_fakes::{Fault, Plan, RetryAfter, Rollbar, RollbarConfig, RollbarToken, XrayApi, XrayConfig};

use crate::letters::{gzip, letter, rollbar};
use crate::support::{Ended, PATIENCE, SECRET, WRONG_TOKEN, crudder, file, finish, run};

async fn vendor() -> Rollbar {
    Rollbar::start(RollbarConfig::default()).await.unwrap()
}

fn variables(vendor: &Rollbar) -> Vec<(&'static str, String)> {
    let token = RollbarToken::local().text.reveal().to_owned();
    vec![("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", vendor.url())), ("ROLLBAR_ACCESS_TOKEN", token)]
}

fn taken(vendor: &Rollbar) -> (u64, u64) {
    vendor.with_store(|store| (store.item_count(), store.repeated_items()))
}

#[tokio::test]
async fn each_letter_is_delivered_once_and_a_second_run_sends_nothing() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let lines = [rollbar(1), "START RequestId: 1".into(), rollbar(2), rollbar(1), rollbar(3)].join("\n");
    let path = file(&folder, "export.log", lines);
    let path = path.to_str().unwrap();
    let first = run(&["replay", path], &variables(&vendor)).await;
    assert_eq!((first.code, taken(&vendor)), (Some(0), (3, 0)), "{first:?}");
    assert!(first.out.contains("rollbar: 3 letters delivered, 3 items in all"), "{first:?}");
    assert!(first.out.contains("1 line in the export twice"), "{first:?}");
    let again = run(&["replay", path], &variables(&vendor)).await;
    assert_eq!((again.code, taken(&vendor)), (Some(0), (3, 0)), "{again:?}");
    assert!(again.out.contains("3 letters delivered before, not sent again"), "{again:?}");
}

#[tokio::test]
async fn letters_of_one_content_under_two_ids_are_one() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", [rollbar(1), rollbar(1).replace("letter-1", "letter-9")].join("\n"));
    let ended = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!((ended.code, taken(&vendor)), (Some(0), (1, 0)), "{ended:?}");
}

#[tokio::test]
async fn a_run_that_is_killed_redelivers_at_most_the_letter_in_flight() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let lines: Vec<String> = (1..=20).map(rollbar).collect();
    let path = file(&folder, "export.log", lines.join("\n"));
    let path = path.to_str().unwrap();
    // Seven are answered; the eighth is taken, and its answer never comes.
    vendor.faults().add(Plan::times(7, Fault::Late { after: std::time::Duration::ZERO })).unwrap();
    vendor.faults().add(Plan::always(Fault::Silence { take: true })).unwrap();
    let mut child = crudder(&["replay", path], &variables(&vendor)).spawn().unwrap();
    vendor.wait_for(PATIENCE, |store| (store.item_count() == 8).then_some(())).await.unwrap();
    child.kill().await.unwrap();
    vendor.faults().clear();
    let again = run(&["replay", path], &variables(&vendor)).await;
    assert_eq!((again.code, taken(&vendor)), (Some(0), (20, 1)), "{again:?}");
    assert!(again.out.contains("7 letters delivered before"), "{again:?}");
}

#[tokio::test]
async fn packed_exports_one_behind_the_other_are_read_from_standard_input() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let stamped = |ordinal| format!("2026-11-22T10:00:00.123Z {}\n", rollbar(ordinal));
    let packed: Vec<u8> = (1..=3).flat_map(|ordinal| gzip(stamped(ordinal).as_bytes())).collect();
    let state = folder.path().join("state");
    let command = || crudder(&["replay", "-", "--state", state.to_str().unwrap()], &variables(&vendor));
    let first = finish(command(), &packed).await;
    assert_eq!((first.code, taken(&vendor)), (Some(0), (3, 0)), "{first:?}");
    let again = finish(command(), &packed).await;
    assert_eq!((again.code, taken(&vendor)), (Some(0), (3, 0)), "{again:?}");
    let stateless = finish(crudder(&["replay", "-", "--dry-run"], &[]), &packed).await;
    assert!(stateless.err.contains("--state FILE") && stateless.out.contains("3 letters would be"), "{stateless:?}");
}

#[tokio::test]
async fn bad_lines_are_named_and_counted_and_the_rest_is_delivered() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let cut = rollbar(2);
    let cut = &cut[..cut.len() - 10];
    let half = rollbar(5).replace("[1,1]", "[1,2]");
    let lines = [
        rollbar(1),
        cut.to_owned(),
        letter("pager", 3, &gzip(b"x")),
        letter("rollbar", 4, b"no gzip"),
        half,
        rollbar(6),
    ];
    let path = file(&folder, "export.log", lines.join("\n"));
    let ended = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!((ended.code, taken(&vendor)), (Some(1), (2, 0)), "{ended:?}");
    for said in [
        "line 2 is passed over",
        "unknown destination \"pager\"",
        "its payload is not gzip",
        "letter letter-5: 1 of its 2 parts are there",
    ] {
        assert!(ended.err.contains(said), "{said}: {ended:?}");
    }
    assert!(
        ended.out.contains("1 line passed over as malformed") && ended.out.contains("3 letters not delivered"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_packed_export_that_breaks_off_is_read_as_far_as_it_goes() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let mut packed = gzip(format!("{}\n", rollbar(1)).as_bytes());
    packed.extend(&gzip(rollbar(2).as_bytes())[..40]);
    let path = file(&folder, "export.gz", packed);
    let ended = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!((ended.code, taken(&vendor)), (Some(1), (1, 0)), "{ended:?}");
    assert!(ended.err.contains("the input breaks off"), "{ended:?}");
}

#[tokio::test]
async fn a_letter_that_unpacks_to_more_than_any_of_ours_is_left() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let bomb = gzip(&vec![b' '; 200 << 20]);
    let path = file(&folder, "export.log", [letter("rollbar", 1, &bomb), rollbar(2)].join("\n"));
    let ended = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!((ended.code, taken(&vendor)), (Some(1), (1, 0)), "{ended:?}");
    assert!(ended.err.contains("unpacks to more"), "{ended:?}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_named_by_its_variable_and_asked_with_once() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", [rollbar(1), rollbar(2)].join("\n"));
    let mut wrong = variables(&vendor);
    wrong[1].1 = WRONG_TOKEN.to_owned();
    let ended = run(&["replay", path.to_str().unwrap()], &wrong).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("the key is refused with 403: check ROLLBAR_ACCESS_TOKEN"), "{ended:?}");
    assert_eq!(vendor.with_store(|store| store.call_log().requests()), 1, "{ended:?}");
    let none = run(&["replay", path.to_str().unwrap()], &[]).await;
    assert!(none.err.contains("no key is set: export ROLLBAR_ACCESS_TOKEN"), "{none:?}");
}

#[tokio::test]
async fn a_vendor_that_throttles_is_asked_again() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    vendor.faults().add(Plan::times(2, Fault::Throttled(RetryAfter::Seconds(0)))).unwrap();
    let path = file(&folder, "export.log", rollbar(1));
    let ended = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!((ended.code, taken(&vendor)), (Some(0), (1, 0)), "{ended:?}");
}

#[tokio::test]
async fn a_network_that_refuses_is_said_and_a_later_run_delivers() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", rollbar(1));
    vendor.shut().await;
    let refused = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("no response"), "{refused:?}");
    vendor.open().unwrap();
    let again = run(&["replay", path.to_str().unwrap()], &variables(&vendor)).await;
    assert_eq!((again.code, taken(&vendor)), (Some(0), (1, 0)), "{again:?}");
}

#[tokio::test]
async fn a_dry_run_sends_and_notes_nothing() {
    let (vendor, folder) = (vendor().await, tempfile::tempdir().unwrap());
    let path = file(&folder, "export.log", [rollbar(1), rollbar(2), rollbar(2)].join("\n"));
    let Ended { code, out, .. } = run(&["replay", path.to_str().unwrap(), "--dry-run"], &variables(&vendor)).await;
    assert_eq!((code, taken(&vendor)), (Some(0), (0, 0)));
    assert!(out.contains("rollbar: 2 letters would be delivered"), "{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no state file");
}

#[tokio::test]
async fn what_can_not_be_read_or_written_is_named_with_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(&["replay", "/nonexistent/export.log"], &[]).await;
    assert!(missing.code == Some(1) && missing.err.contains("/nonexistent/export.log"), "{missing:?}");
    let path = file(&folder, "export.log", rollbar(1));
    let diary = file(&folder, "diary", "my diary\n");
    let foreign = run(&["replay", path.to_str().unwrap(), "--state", diary.to_str().unwrap()], &[]).await;
    assert!(foreign.code == Some(1) && foreign.err.contains("choose another place with --state"), "{foreign:?}");
}

#[tokio::test]
async fn documents_go_to_x_ray_signed_with_the_credentials_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = crate::cloud::credentials();
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
    let ended = run(&["replay", path.to_str().unwrap()], &variables).await;
    assert_eq!((ended.code, xray.with_store(|store| store.document_count())), (Some(0), 1), "{ended:?}");
    let other = file(&folder, "other.log", letter("xray", 2, &gzip(document.as_bytes())));
    let none = run(&["replay", other.to_str().unwrap()], &variables[..1]).await;
    assert!(none.code == Some(1) && none.err.contains("letters to X-Ray: no region is set"), "{none:?}");
}
