//! Tests that the page fits into a narrow window, and that its empty views say what to do.

use crate::page::Page;

/// The size of a small phone.
const NARROW: (u32, u32) = (390, 844);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_fits_into_a_narrow_window() {
    let page = Page::open().await;
    page.local.get("/api/activities/home").await;
    page.local.get("/rollbar/test?kind=panic").await;
    page.browser.until("document.querySelector('.row[data-outcome=panic] .destinations .lit:nth-child(3)')").await;
    let trace = page.browser.value("document.querySelector('.row[data-outcome=panic]').dataset.trace").await;
    let trace = trace.as_str().unwrap();
    page.browser.resize(NARROW.0, NARROW.1).await;
    page.browser.until("innerWidth <= 400").await;
    for (hash, element) in [
        ("/".to_owned(), ".row"),
        ("/map".to_owned(), ".map .node"),
        ("/try".to_owned(), "[data-fault]"),
        (format!("/trace/{trace}"), ".waterfall .failed-span"),
        (format!("/trace/{trace}/logs"), ".logs .log"),
        (format!("/trace/{trace}/rollbar"), ".item"),
        (format!("/trace/{trace}/destinations"), ".destination"),
    ] {
        page.go(&hash).await;
        page.browser.until(&format!("document.querySelector('{element}')?.getBoundingClientRect().width > 0")).await;
        let overflow = page.browser.value("document.documentElement.scrollWidth - innerWidth").await;
        assert!(overflow.as_i64().unwrap() <= 0, "{hash} is {overflow} px too wide");
        let clipped = page.browser.value(
            "[...document.querySelectorAll('.right, .left')].filter((one) => one.scrollWidth > one.clientWidth + 1).length",
        );
        assert_eq!(clipped.await, 0, "{hash} has to be scrolled sideways");
    }
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_views_say_what_to_do() {
    let page = Page::open().await;
    let curl = format!("curl {}/api/activities/home", page.local.api);
    page.text(".empty", "No requests yet").await;
    page.text(".empty pre", &curl).await;
    page.go("/map").await;
    page.text(".empty", "No traffic yet").await;
    page.go("/trace/5759e988bd862e3fe1be46a994272793").await;
    page.text(".empty", "Trace not found").await;
    page.close().await;
}
