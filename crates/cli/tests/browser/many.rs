//! A hundred thousand requests: all of them through the gateway's port, by real sockets.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::page::Page;

/// What the console holds.
const HELD: usize = 100_000;

/// More than it holds, so that some must fall off.
const SENT: usize = HELD + 500;

/// Side by side, each with its share.
const CLIENTS: usize = 4;

/// Rows in the document, whatever is held: the list's height and a few beyond it.
const MOST_ROWS: i64 = 200;

/// For all of them, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(400);

/// Memory that all of it may take in the process of `crudder local`, in kB: the fakes' stores are full too.
const MOST_MEMORY: u64 = 400 * 1024;

fn id(number: usize) -> String {
    format!("1-5759e988-{number:024x}")
}

/// Sends requests from `first` on, one answer behind the other on one connection, and counts the answers.
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
    let (mut answers, mut buffer, mut rest) = (0, vec![0; 65_536], Vec::new());
    while answers < count {
        let length = read.read(&mut buffer).await.unwrap();
        assert!(length > 0, "the gateway hung up after {answers}");
        rest.extend_from_slice(&buffer[..length]);
        answers += rest.windows(9).filter(|part| part == b"HTTP/1.1 ").count();
        // A line that is cut in two is counted with its other half.
        rest.drain(..rest.len().saturating_sub(8));
    }
    sending.await.unwrap();
}

fn memory_kb(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Writes a text into the search at once, as one pastes it; how long it took until one row was left, in milliseconds, and how many are in the document.
async fn paste(page: &Page, text: &str) -> (f64, i64) {
    let script = format!(
        "const field = document.querySelector('[name=search]');
         const began = performance.now();
         const watch = new MutationObserver(() => look());
         const look = () => {{
           if (!document.querySelector('.found')?.innerText.startsWith('1 of')) return;
           watch.disconnect();
           done({{ took: performance.now() - began, rows: document.querySelectorAll('.row').length }});
         }};
         watch.observe(document, {{ subtree: true, childList: true, characterData: true }});
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
async fn among_a_hundred_thousand_requests_one_is_found_at_once_and_the_oldest_are_dropped() {
    let page = Page::open().await;
    let began = Instant::now();
    let share = SENT / CLIENTS;
    let clients = (0..CLIENTS).map(|client| tokio::spawn(send(page.running.api.clone(), client * share, share)));
    for client in clients.collect::<Vec<_>>() {
        timeout(PATIENCE, client).await.expect("all answers in time").unwrap();
    }
    println!("{SENT} requests answered in {:?}", began.elapsed());
    page.text(".state.live", "100,000 requests").await;
    // The one that was sent last is there: the page has heard all.
    let newest = page.running.console("/api/requests?limit=1").await;
    assert_eq!(newest["record"]["held"], HELD);
    assert_eq!(newest["record"]["dropped"], SENT - HELD, "the oldest have gone");
    let last = newest["requests"][0]["trace_id"].as_str().unwrap().to_owned();
    page.browser.until(&format!("document.querySelector('.row')?.dataset.trace === '{last}'")).await;
    assert!(rows(&page).await < MOST_ROWS);

    // One from the middle of what is held, in both forms.
    let middle = page.running.console("/api/requests?limit=1000").await;
    let wanted: &Value = &middle["requests"][999];
    for form in ["xray_trace_id", "trace_id"] {
        let (took, shown) = paste(&page, wanted[form].as_str().unwrap()).await;
        println!("search by {form}: {took:.1} ms, {shown} row in the document");
        assert_eq!(shown, 1);
        paste_nothing(&page).await;
    }
    let (took, shown) = paste(&page, wanted["path"].as_str().unwrap()).await;
    println!("search by path: {took:.1} ms, {shown} row in the document");
    paste_nothing(&page).await;

    // All the way down the list.
    page.browser.value("(document.querySelector('.list').scrollTop = 1e9, 1)").await;
    let oldest = format!(
        "document.querySelector('.row[aria-posinset=\"{HELD}\"]')?.getBoundingClientRect().bottom <= innerHeight + 1"
    );
    page.browser.until(&oldest).await;
    assert!(rows(&page).await < MOST_ROWS);

    // It still hears what comes, and what comes is what it was before.
    page.running.get("/api/health-check").await;
    page.browser.value("(document.querySelector('.list').scrollTop = 0, 1)").await;
    page.text(".row .path", "/api/health-check").await;
    let heap = page.browser.value("performance.memory.usedJSHeapSize / 1048576").await;
    let memory = memory_kb(page.running.id());
    println!("memory: {} MB in crudder local, {:.0} MB in the page", memory / 1024, heap.as_f64().unwrap());
    assert!(memory < MOST_MEMORY, "{memory} kB");
    page.close().await;
}

async fn paste_nothing(page: &Page) {
    let script = "const field = document.querySelector('[name=search]'); field.value = '';
                  field.dispatchEvent(new Event('input', { bubbles: true })); done(1);";
    page.browser.run(script).await;
    page.browser.until("!document.querySelector('.found')").await;
}
