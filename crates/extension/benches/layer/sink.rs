//! A destination that accepts everything, at once or after a delay, and counts the spans: OTLP by
//! HTTP, and only as much of it as counting needs.

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) use crudder_testing::TIMEOUT;
use flate2::read::GzDecoder;

use crate::awake;
use crate::http::Connection;

/// `ExportTraceServiceRequest.resource_spans`, `.scope_spans`, `.spans` (opentelemetry-proto,
/// `trace_service.proto` and `trace.proto`).
const PATH_TO_SPANS: [u64; 3] = [1, 2, 2];

/// The pause between two checks.
pub(crate) const PAUSE: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Counts {
    spans: AtomicU64,
}

pub(crate) struct Sink {
    url: String,
    counts: Arc<Counts>,
}

impl Sink {
    /// Starts to listen, until this process ends.
    pub(crate) fn start(delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = Arc::clone(&counted);
                std::thread::spawn(move || serve(stream, delay, &counts));
            }
        });
        Ok(Self { url, counts })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn spans(&self) -> u64 {
        self.counts.spans.load(Ordering::Acquire)
    }

    /// Waits until `spans` spans have come, but at most `TIMEOUT`.
    pub(crate) fn wait_for(&self, spans: u64) {
        let began = Instant::now();
        while self.spans() < spans && began.elapsed() < TIMEOUT {
            std::thread::park_timeout(PAUSE);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a slow destination does nothing else meanwhile")]
fn serve(stream: TcpStream, delay: Duration, counts: &Counts) -> io::Result<()> {
    awake::lower_priority();
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.read()? {
        let body = plain(request.body)?;
        counts.spans.fetch_add(count(&body, &PATH_TO_SPANS), Ordering::AcqRel);
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        connection.write("HTTP/1.1 200 OK", "")?;
    }
    Ok(())
}

/// Unpacks gzip. No OTLP message begins with the magic number of gzip.
fn plain(body: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    match body.starts_with(&[0x1F, 0x8B]) {
        true => GzDecoder::new(&*body).read_to_end(&mut plain).map(|_| plain),
        false => Ok(body),
    }
}

/// Counts the messages at the end of a path of field numbers.
fn count(mut message: &[u8], path: &[u64]) -> u64 {
    let Some((wanted, rest)) = path.split_first() else { return 1 };
    let mut found = 0;
    while let Some(key) = varint(&mut message) {
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                0
            }
            1 => 8,
            5 => 4,
            _ => varint(&mut message).unwrap_or(0),
        };
        let Some((field, after)) = message.split_at_checked(length as usize) else { break };
        message = after;
        if key >> 3 == *wanted && key & 7 == 2 {
            found += count(field, rest);
        }
    }
    found
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
