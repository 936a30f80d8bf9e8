//! Tests of each fault's button: the trace opens, and every destination shows the failure.

use serde_json::json;

use crate::page::Page;

/// Presses the button of a fault, and checks everything that the page shows of it.
async fn check_fault(page: &Page, kind: &str, outcome: &str, mark: &str, title: &str) {
    page.go("/try").await;
    // The trace of the previous fault is closed by then.
    page.browser.until("!document.querySelector('.detail')").await;
    page.browser.click(&format!("button[data-fault={kind}]:not(:disabled)")).await;
    let trace = page.trace().await;
    page.text(".failed-span .mark", mark).await;
    page.text(".head .outcome", outcome).await;
    let row = format!("document.querySelector('.row[data-trace=\"{trace}\"]')");
    page.browser.until(&format!("{row}?.querySelectorAll('.destinations .lit').length === 4")).await;
    page.browser.press("3").await;
    page.text(".item h3", title).await;
    page.text(".item", "Traceback").await;
    page.browser.press("4").await;
    for destination in ["X-Ray", "Honeycomb", "Rollbar", "CloudWatch"] {
        page.text(".destination:not(.no-data) h3", &format!("Sent to {destination}")).await;
    }
    let report = page.local.console(&format!("/api/traces/{trace}")).await;
    assert_eq!(report["reports"].as_array().map(Vec::len), Some(1), "{kind}: exactly one item");
    let key = report["batches"][0]["headers"].as_array().unwrap().iter().find(|pair| pair[0] == "x-honeycomb-team");
    let mark = key.unwrap()[1].as_str().unwrap();
    assert!(mark.starts_with('…') && mark.chars().count() <= 5, "{mark} shows too much of a key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_and_a_panic_are_shown_in_every_view() {
    let page = Page::open().await;
    check_fault(&page, "error", "error", "failed here", "an error on purpose").await;
    check_fault(&page, "panic", "panic", "failed here", "a panic on purpose").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_death_is_shown_in_every_view() {
    let page = Page::open().await;
    check_fault(&page, "abort", "crash", "crashed here", "crashed in fault").await;
    check_fault(&page, "oom", "OOM", "ran out of memory here", "ran out of memory in fault").await;
    check_fault(&page, "exit", "exit", "exited here", "exited in fault").await;
    check_fault(&page, "timeout", "timeout", "timed out here", "timed out in fault").await;
    page.go("/map").await;
    page.text("[data-node=rollbar-test]", "100 % errors").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_that_faults_are_off() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crate::local_process::crudder_local(data.path());
    command.env("CRUDDER_FAULTS", "off");
    let local = crate::local_process::LocalProcess::start(command).await;
    assert_eq!(local.console("/api/about").await["faults"], json!(false));
    let browser = crate::driver::Browser::open(1400, 900).await;
    browser.go(&format!("{}/#/try", local.console)).await;
    browser.until("document.querySelector('.warning')?.innerText.includes('Faults are switched off')").await;
    assert_eq!(browser.value("document.querySelectorAll('[data-fault]:not(:disabled)').length").await, 0);
    browser.close().await;
    local.end(rustix::process::Signal::INT).await;
}
