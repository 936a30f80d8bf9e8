//! Tests of a sample user's post, reply and search in the page.

use crate::page::Page;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_made_through_the_page_appears_with_its_trace() {
    let page = Page::open().await;
    page.go("/try").await;
    page.browser.click("select[name=handle] option[value=bayko]").await;
    page.browser.write("textarea[name=message]", "Zathras is used to being a beast of burden").await;
    page.browser.click("form[name=post] button.main").await;
    page.text(".result", "Posted as @bayko.").await;
    page.browser.until("document.querySelector('.row[data-outcome=ok] .method')?.innerText === 'POST'").await;
    page.browser.click(".result a").await;
    let trace = page.trace().await;
    for span in ["crudder/local", "POST /api/activities", "DynamoDB.TransactWriteItems"] {
        page.text(".waterfall .label", span).await;
    }
    assert_eq!(page.browser.value("document.querySelectorAll('.mark').length").await, 0, "no span is marked as failed");
    let found = page.local.console(&format!("/api/traces/{trace}")).await;
    assert_eq!((&found["requests"][0]["method"], &found["requests"][0]["status"]), (&"POST".into(), &200.into()));
    assert_eq!(page.local.messages().await[0], "Zathras is used to being a beast of burden");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_can_find_a_post_and_reply_to_it() {
    let page = Page::open().await;
    page.go("/try").await;
    page.browser.write("input[name=term]", "imported").await;
    page.browser.click("form[name=search] button").await;
    page.text(".posts", "This was imported as seed data!").await;
    page.browser.click("select[name=handle] option[value=londo]").await;
    page.browser.click(".posts button").await;
    page.text("form[name=post]", "Reply to @andrewbrown").await;
    page.browser.write("textarea[name=message]", "<img src=x onerror=alert(1)> & more").await;
    page.browser.click("form[name=post] button.main").await;
    page.text(".result", "Replied to @andrewbrown as @londo.").await;
    page.browser.click("form[name=search] button").await;
    page.text(".posts", "1 reply").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_in_a_request_is_shown_and_not_executed() {
    let page = Page::open().await;
    page.local.get("/%3Cimg%20src=x%20onerror=document.title='run'%3E").await;
    page.text(".row", "onerror").await;
    page.browser.click(".row").await;
    page.text(".head", "answered by the gateway").await;
    assert_eq!(page.browser.value("document.title").await, "Crudder console");
    assert_eq!(page.browser.value("document.querySelectorAll('img[src=x]').length").await, 0);
    page.close().await;
}
