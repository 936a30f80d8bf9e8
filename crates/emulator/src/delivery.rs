//! The delivery of telemetry to one subscriber: batches, retries and dropped events.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::telemetry_event::{Destination, SubscriptionRequest, TelemetryEvent, TelemetryType};

/// How often a batch is sent before it is dropped. AWS documents retries with backoff and then a
/// drop, but not how many retries.
const ATTEMPTS: u32 = 4;

/// The pause after the first attempt. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How long an extension may take to answer a batch. Time in which it is frozen does not count.
/// AWS documents no value; this one is long compared with the timeouts of buffering.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Counts the events that were dropped and not yet reported.
#[derive(Debug, Clone, Default)]
pub(crate) struct DroppedEvents {
    records: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl DroppedEvents {
    pub(crate) fn count(&self, records: usize, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Returns `platform.logsDropped` if events were dropped since the last call.
    fn take(&self) -> Option<TelemetryEvent> {
        let (records, bytes) = (self.records.swap(0, Ordering::Relaxed), self.bytes.swap(0, Ordering::Relaxed));
        let reason = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";
        let record = json!({ "reason": reason, "droppedRecords": records, "droppedBytes": bytes });
        let event = TelemetryEvent {
            telemetry_type: TelemetryType::Platform,
            name: "platform.logsDropped",
            time: SystemTime::now(),
            record: Arc::new(record),
        };
        (records > 0).then_some(event)
    }
}

/// Collects and sends batches until the subscription ends.
pub(crate) async fn run(
    request: SubscriptionRequest,
    mut events: mpsc::Receiver<TelemetryEvent>,
    dropped: DroppedEvents,
    mut running: watch::Receiver<bool>,
) {
    while let Some(batch) = collect_batch(&request, &mut events, &dropped).await {
        if deliver(&request.destination, &batch, &mut running).await.is_err() {
            dropped.count(batch.len(), batch.iter().map(String::len).sum());
        }
    }
}

/// Collects events until the batch has its maximum of items or bytes, or its first event is as old
/// as the buffering timeout. Returns `None` when the subscription has ended.
async fn collect_batch(
    request: &SubscriptionRequest,
    events: &mut mpsc::Receiver<TelemetryEvent>,
    dropped: &DroppedEvents,
) -> Option<Vec<String>> {
    let first = events.recv().await?;
    let limits = request.buffering;
    let end = Instant::now() + Duration::from_millis(limits.timeout_ms);
    let mut batch: Vec<String> =
        dropped.take().iter().chain([&first]).map(|event| event.encode(request.schema)).collect();
    let mut bytes: usize = batch.iter().map(String::len).sum();
    while batch.len() < limits.max_items && bytes < limits.max_bytes {
        let event = tokio::select! {
            event = events.recv() => event?,
            () = sleep_until(end) => break,
        };
        let encoded = event.encode(request.schema);
        bytes += encoded.len();
        batch.push(encoded);
    }
    Some(batch)
}

async fn deliver(destination: &Destination, batch: &[String], running: &mut watch::Receiver<bool>) -> io::Result<()> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        // This fails when the environment is gone, and its extension with it.
        running.wait_for(|running| *running).await.map_err(io::Error::other)?;
        match send_while_running(destination, batch, running).await {
            Ok(()) => return Ok(()),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => sleep(pause).await,
        }
        (attempt, pause) = (attempt + 1, pause * 2);
    }
}

/// Makes one attempt. The timeout starts anew when the extension was frozen at its end.
async fn send_while_running(
    destination: &Destination,
    batch: &[String],
    running: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let mut sending = std::pin::pin!(send(destination, batch));
    loop {
        tokio::select! { biased;
            sent = &mut sending => return sent,
            () = sleep(RESPONSE_TIMEOUT) => (),
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

/// Posts a batch on a new connection. The next freeze would break a connection that stays open.
async fn post(port: u16, path: &str, body: String) -> io::Result<()> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let request = Request::post(path)
        .header(header::HOST, format!("sandbox.localdomain:{port}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await.map(|_| status)
    };
    // An error of the connection is an error of the exchange too.
    let (status, _connection_result) = tokio::join!(exchange, connection);
    match status.map_err(io::Error::other)? {
        StatusCode::OK => Ok(()),
        status => Err(io::Error::other(format!("the extension responded with {status}"))),
    }
}
