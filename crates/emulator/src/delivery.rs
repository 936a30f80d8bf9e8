//! Batches of telemetry on their way to an extension.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request as HttpRequest, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::telemetry::{Destination, Item, Kind, Request};

/// How often a batch is offered before it is dropped. AWS says that it retries with backoff and then drops, not how often.
const ATTEMPTS: u32 = 4;

/// The pause after the first attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How long an extension may take to answer, counted while it runs. Not documented; long beside the buffering's timeouts.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// What could not be delivered and has not been told yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Losses {
    records: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Losses {
    pub(crate) fn count(&self, records: usize, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// `platform.logsDropped`, if there is anything to tell.
    fn take(&self) -> Option<Item> {
        let (records, bytes) = (self.records.swap(0, Ordering::Relaxed), self.bytes.swap(0, Ordering::Relaxed));
        let reason = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";
        let record = json!({ "reason": reason, "droppedRecords": records, "droppedBytes": bytes });
        let item = Item {
            kind: Kind::Platform,
            name: "platform.logsDropped",
            time: SystemTime::now(),
            record: Arc::new(record),
        };
        (records > 0).then_some(item)
    }
}

/// Gathers and sends until the subscription ends.
pub(crate) async fn run(
    request: Request,
    mut items: mpsc::Receiver<Item>,
    losses: Losses,
    mut running: watch::Receiver<bool>,
) {
    while let Some(batch) = gather(&request, &mut items, &losses).await {
        if deliver(&request.destination, &batch, &mut running).await.is_err() {
            losses.count(batch.len(), batch.iter().map(String::len).sum());
        }
    }
}

/// A batch is full at so many items or bytes, or when its first item has waited long enough.
async fn gather(request: &Request, items: &mut mpsc::Receiver<Item>, losses: &Losses) -> Option<Vec<String>> {
    let first = items.recv().await?;
    let limits = request.buffering;
    let end = Instant::now() + Duration::from_millis(limits.timeout_ms);
    let mut batch: Vec<String> = losses.take().iter().chain([&first]).map(|item| item.encode(request.schema)).collect();
    let mut bytes: usize = batch.iter().map(String::len).sum();
    while batch.len() < limits.max_items && bytes < limits.max_bytes {
        let item = tokio::select! {
            item = items.recv() => item?,
            () = sleep_until(end) => break,
        };
        let encoded = item.encode(request.schema);
        bytes += encoded.len();
        batch.push(encoded);
    }
    Some(batch)
}

async fn deliver(destination: &Destination, batch: &[String], running: &mut watch::Receiver<bool>) -> io::Result<()> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        // It fails when the environment is gone, and then so is its extension.
        running.wait_for(|running| *running).await.map_err(io::Error::other)?;
        match send_while_running(destination, batch, running).await {
            Ok(()) => return Ok(()),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => sleep(pause).await,
        }
        (attempt, pause) = (attempt + 1, pause * 2);
    }
}

/// One attempt; time in which the extension is frozen does not count.
async fn send_while_running(
    destination: &Destination,
    batch: &[String],
    running: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let mut sending = std::pin::pin!(send(destination, batch));
    loop {
        tokio::select! { biased;
            sent = &mut sending => return sent,
            () = sleep(ANSWER_TIME) => (),
        }
        if *running.borrow() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        running.wait_for(|running| *running).await.map_err(io::Error::other)?;
    }
}

async fn send(destination: &Destination, batch: &[String]) -> io::Result<()> {
    match destination {
        Destination::Http { port, path } => post(*port, path, format!("[{}]", batch.join(","))).await,
        Destination::Tcp { port } => {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).await?;
            stream.write_all(format!("{}\n", batch.join("\n")).as_bytes()).await?;
            stream.shutdown().await
        }
    }
}

/// A connection of its own for each batch: one that is kept would be cut by the next freeze.
async fn post(port: u16, path: &str, body: String) -> io::Result<()> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let request = HttpRequest::post(path)
        .header(header::HOST, format!("sandbox.localdomain:{port}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await.map(|_| status)
    };
    // The connection's own end says nothing that the exchange does not.
    let (status, _end) = tokio::join!(exchange, connection);
    match status.map_err(io::Error::other)? {
        StatusCode::OK => Ok(()),
        status => Err(io::Error::other(format!("the extension answered {status}"))),
    }
}
