//! The page without a mouse.

use serde_json::json;

use crate::page::Page;

const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const TAB: &str = "\u{E004}";

/// Stops of the tabulator that are looked at: the header, the filter, the list, and the first fields of the form.
const STOPS: usize = 14;

async fn asked(page: &Page) {
    for path in ["/api/health-check", "/nope", "/api/activities/home"] {
        page.running.get(path).await;
    }
    page.browser.until("document.querySelectorAll('.row').length === 3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_walked_opened_searched_and_closed_by_keys() {
    let page = Page::open().await;
    asked(&page).await;
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
async fn each_stop_of_the_tabulator_has_a_name_and_is_seen() {
    let page = Page::open().await;
    asked(&page).await;
    let mut seen = Vec::new();
    for _ in 0..STOPS {
        page.browser.press(TAB).await;
        let stop = page
            .browser
            .value(
                "((one) => ({ name: one.getAttribute('aria-label') || one.innerText || one.closest('label')?.innerText || '',
                   outline: getComputedStyle(one).outlineStyle, kind: one.tagName }))(document.activeElement)",
            )
            .await;
        assert!(
            stop["kind"] != json!("BODY") && stop["name"].as_str().is_some_and(|name| !name.trim().is_empty()),
            "{stop}"
        );
        assert_ne!(stop["outline"], json!("none"), "{stop}");
        seen.push(stop["name"].as_str().unwrap().to_owned());
    }
    assert!(seen.iter().any(|name| name == "Requests, newest first"), "{seen:?}");
    page.close().await;
}
