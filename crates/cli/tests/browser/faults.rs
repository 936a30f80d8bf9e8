//! Each fault's button: the trace opens, the culprit is marked, Rollbar has its item.

use serde_json::json;

use crate::page::Page;

async fn is_caught(page: &Page, kind: &str, outcome: &str, mark: &str, title: &str) {
    page.go("/try").await;
    // The detail of the fault before is gone by then.
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
    let report = page.running.console(&format!("/api/traces/{trace}")).await;
    assert_eq!(report["reports"].as_array().map(Vec::len), Some(1), "{kind}: one item, and no second");
    let key = report["batches"][0]["headers"].as_array().unwrap().iter().find(|pair| pair[0] == "x-honeycomb-team");
    let mark = key.unwrap()[1].as_str().unwrap();
    assert!(mark.starts_with('…') && mark.chars().count() <= 5, "{mark} is more than a key's mark");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_and_a_panic_are_caught_before_ones_eyes() {
    let page = Page::open().await;
    is_caught(&page, "error", "error", "failed here", "an error on purpose").await;
    is_caught(&page, "panic", "panic", "failed here", "a panic on purpose").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_death_is_caught_before_ones_eyes() {
    let page = Page::open().await;
    is_caught(&page, "abort", "crash", "crashed here", "crashed in fault").await;
    is_caught(&page, "oom", "OOM", "ran out of memory here", "ran out of memory in fault").await;
    is_caught(&page, "exit", "exit", "exited here", "exited in fault").await;
    is_caught(&page, "timeout", "timeout", "timed out here", "timed out in fault").await;
    page.go("/map").await;
    page.text("[data-node=rollbar-test]", "100 % errors").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_faults_are_off_the_page_says_so() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crate::command::crudder(data.path());
    command.env("CRUDDER_FAULTS", "off");
    let running = crate::command::Running::start(command).await;
    assert_eq!(running.console("/api/about").await["faults"], json!(false));
    let browser = crate::driver::Browser::open(1400, 900).await;
    browser.go(&format!("{}/#/try", running.console)).await;
    browser.until("document.querySelector('.warning')?.innerText.includes('Faults are switched off')").await;
    assert_eq!(browser.value("document.querySelectorAll('[data-fault]:not(:disabled)').length").await, 0);
    browser.close().await;
    running.end(rustix::process::Signal::INT).await;
}
