//! Tests the page with a hundred thousand requests, sent over real sockets.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::page::Page;

/// How many requests the console keeps.
const KEPT: usize = 100_000;

/// More than it keeps, so that it must drop some.
const SENT: usize = KEPT + 500;

/// Concurrent clients, each of which sends its share.
const CLIENTS: usize = 4;

/// Rows in the document, however many requests are kept: those in view and a few more.
const MAX_ROWS: i64 = 200;

/// For all requests, on a busy machine.
const LOAD_TIMEOUT: Duration = Duration::from_secs(400);

/// Memory that the process of `crudder local` may use, in kB: the stores of the fakes are full too.
const MAX_MEMORY_KB: u64 = 400 * 1024;

fn id(number: usize) -> String {
    format!("1-5759e988-{number:024x}")
}

/// Sends `count` pipelined requests, numbered from `first`, on one connection, and counts the
/// responses.
async fn send(address: String, first: usize, count: usize) {
    let stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let sending = tokio::spawn(async move {
        for number in first..first + count {
            let trace = id(number);
            let head = format!("GET /load/{number} HTTP/1.1\r\nHost: a\r\nX-Amzn-Trace-Id: Root={trace}\r\n\r\n");
            write.write_all(head.as_bytes()).await.unwrap();
        }
        write
    });
    let (mut responses, mut buffer, mut rest) = (0, vec![0; 65_536], Vec::new());
    while responses < count {
        let length = read.read(&mut buffer).await.unwrap();
        assert!(length > 0, "the gateway closed the connection after {responses} responses");
        rest.extend_from_slice(&buffer[..length]);
        responses += rest.windows(9).filter(|part| part == b"HTTP/1.1 ").count();
        // A status line that is split between two reads is counted with the second one.
        rest.drain(..rest.len().saturating_sub(8));
    }
    sending.await.unwrap();
}

fn memory_kb(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Pastes a text into the search. Returns the milliseconds until one row was left, and the rows in
/// the document.
async fn paste(page: &Page, text: &str) -> (f64, i64) {
    let script = format!(
        "const field = document.querySelector('[name=search]');
         const start = performance.now();
         const observer = new MutationObserver(() => check());
         const check = () => {{
           if (!document.querySelector('.found')?.innerText.startsWith('1 of')) return;
           observer.disconnect();
           done({{ took: performance.now() - start, rows: document.querySelectorAll('.row').length }});
         }};
         observer.observe(document, {{ subtree: true, childList: true, characterData: true }});
         field.value = '{text}';
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    );
    let found = page.browser.run(&script).await;
    (found["took"].as_f64().unwrap(), found["rows"].as_i64().unwrap())
}

async fn rows(page: &Page) -> i64 {
    page.browser.value("document.querySelectorAll('.row').length").await.as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_among_a_hundred_thousand_requests_finds_one_and_the_oldest_are_dropped() {
    let page = Page::open().await;
    let start = Instant::now();
    let share = SENT / CLIENTS;
    let clients = (0..CLIENTS).map(|client| tokio::spawn(send(page.local.api.clone(), client * share, share)));
    for client in clients.collect::<Vec<_>>() {
        timeout(LOAD_TIMEOUT, client).await.expect("not all responses arrived in time").unwrap();
    }
    println!("{SENT} requests took {:?}", start.elapsed());
    page.text(".state.live", "100,000 requests").await;
    // The page shows the newest request, so it has received all.
    let newest = page.local.console("/api/requests?limit=1").await;
    assert_eq!(newest["record"]["held"], KEPT);
    assert_eq!(newest["record"]["dropped"], SENT - KEPT, "the oldest are dropped");
    let last = newest["requests"][0]["trace_id"].as_str().unwrap().to_owned();
    page.browser.until(&format!("document.querySelector('.row')?.dataset.trace === '{last}'")).await;
    assert!(rows(&page).await < MAX_ROWS);

    // Searches for a request from the middle by both forms of its ID.
    let middle = page.local.console("/api/requests?limit=1000").await;
    let request: &Value = &middle["requests"][999];
    for form in ["xray_trace_id", "trace_id"] {
        let (took, shown) = paste(&page, request[form].as_str().unwrap()).await;
        println!("search by {form}: {took:.1} ms, {shown} row in the document");
        assert_eq!(shown, 1);
        clear_search(&page).await;
    }
    let (took, shown) = paste(&page, request["path"].as_str().unwrap()).await;
    println!("search by path: {took:.1} ms, {shown} row in the document");
    clear_search(&page).await;

    // Scrolls to the end of the list.
    page.browser.value("(document.querySelector('.list').scrollTop = 1e9, 1)").await;
    let oldest = format!(
        "document.querySelector('.row[aria-posinset=\"{KEPT}\"]')?.getBoundingClientRect().bottom <= innerHeight + 1"
    );
    page.browser.until(&oldest).await;
    assert!(rows(&page).await < MAX_ROWS);

    // It still shows new requests.
    page.local.get("/api/health-check").await;
    page.browser.value("(document.querySelector('.list').scrollTop = 0, 1)").await;
    page.text(".row .path", "/api/health-check").await;
    let heap = page.browser.value("performance.memory.usedJSHeapSize / 1048576").await;
    let memory = memory_kb(page.local.id());
    println!("memory: {} MB in crudder local, {:.0} MB in the page", memory / 1024, heap.as_f64().unwrap());
    assert!(memory < MAX_MEMORY_KB, "{memory} kB");
    page.close().await;
}

/// Clears the search.
async fn clear_search(page: &Page) {
    let script = "const field = document.querySelector('[name=search]'); field.value = '';
                  field.dispatchEvent(new Event('input', { bubbles: true })); done(1);";
    page.browser.run(script).await;
    page.browser.until("!document.querySelector('.found')").await;
}
