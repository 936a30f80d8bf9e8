//! Tests of the page with the keyboard only.

use serde_json::json;

use crate::page::Page;

const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const TAB: &str = "\u{E004}";

/// How many tab stops to check: the header, the filter, the list, and the first fields of the form.
const TAB_STOPS: usize = 14;

/// Sends three requests, and waits until the page lists them.
async fn send_requests(page: &Page) {
    for path in ["/api/health-check", "/nope", "/api/activities/home"] {
        page.local.get(path).await;
    }
    page.browser.until("document.querySelectorAll('.row').length === 3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_can_be_selected_opened_searched_and_closed_by_keys() {
    let page = Page::open().await;
    send_requests(&page).await;
    page.browser.press("jj").await;
    page.text(".row.selected .path", "/nope").await;
    page.browser.press("k").await;
    page.text(".row.selected .path", "/api/activities/home").await;
    page.browser.press(ENTER).await;
    page.text(".head h2", "/api/activities/home").await;
    page.browser.press("2").await;
    page.text(".logs", "Hello Cloudwatch! from  /api/activities/home").await;
    page.browser.press("j").await;
    page.text(".head h2", "/nope").await;
    page.browser.press(ESCAPE).await;
    page.browser.until("location.hash === '#/' && !document.querySelector('.detail')").await;
    page.browser.press("/").await;
    page.browser.until("document.activeElement.name === 'search'").await;
    page.browser.press("health").await;
    page.text(".found", "1 of 3 match").await;
    page.browser.press(ENTER).await;
    page.text(".row.selected .path", "/api/health-check").await;
    page.browser.until("document.activeElement.name !== 'search'").await;
    page.browser.press("?").await;
    page.browser.until("document.querySelector('dialog').open").await;
    page.browser.press(ESCAPE).await;
    page.browser.until("!document.querySelector('dialog').open").await;
    page.browser.press("gm").await;
    page.text(".map [data-node=health-check]", "1 request").await;
    let before = page.browser.value("getComputedStyle(document.body).backgroundColor").await;
    page.browser.press("t").await;
    page.browser.until(&format!("getComputedStyle(document.body).backgroundColor !== {before}")).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tab_stop_has_a_name_and_a_visible_outline() {
    let page = Page::open().await;
    send_requests(&page).await;
    let mut names = Vec::new();
    for _ in 0..TAB_STOPS {
        page.browser.press(TAB).await;
        let stop = page
            .browser
            .value(
                "((element) => ({ name: element.getAttribute('aria-label') || element.innerText || element.closest('label')?.innerText || '',
                   outline: getComputedStyle(element).outlineStyle, kind: element.tagName }))(document.activeElement)",
            )
            .await;
        assert!(
            stop["kind"] != json!("BODY") && stop["name"].as_str().is_some_and(|name| !name.trim().is_empty()),
            "{stop}"
        );
        assert_ne!(stop["outline"], json!("none"), "{stop}");
        names.push(stop["name"].as_str().unwrap().to_owned());
    }
    assert!(names.iter().any(|name| name == "Requests, newest first"), "{names:?}");
    page.close().await;
}
