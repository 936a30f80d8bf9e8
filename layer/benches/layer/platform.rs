//! Lambda's Runtime API and Extensions API of one environment, with a thread a connection and nothing between it and the socket: the
//! moments it notes are those of its own reads and writes.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::http::{Connection, Request};

/// Nothing here takes so long; a program that does has failed.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longer than any figure takes.
const TIMEOUT: Duration = Duration::from_secs(600);
/// What API Gateway sends.
const EVENT: &str = include_str!("../../../events/home-activities.json");
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:bench";
const REGISTERED: &str = r#"{"functionName":"bench","functionVersion":"$LATEST","handler":"bootstrap"}"#;
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What a platform sees of its processes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Registered,
    FunctionAsked,
    ExtensionAsked,
    Invoked,
    Answered,
}

pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    seen: Receiver<(Seen, Instant)>,
    function: Sender<String>,
    extension: Sender<String>,
    requests: u64,
    event: String,
    is_closed: Arc<AtomicBool>,
}

/// What one invocation took.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// Until the answer was there.
    pub(crate) response: Duration,
    /// Until all had asked for the next: what is billed.
    pub(crate) cycle: Duration,
}

struct Shared {
    seen: Sender<(Seen, Instant)>,
    function: Mutex<Receiver<String>>,
    extension: Mutex<Receiver<String>>,
}

impl Platform {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sees, seen) = channel();
        let (function, of_function) = channel();
        let (extension, of_extension) = channel();
        let shared = Shared { seen: sees, function: Mutex::new(of_function), extension: Mutex::new(of_extension) };
        let (shared, is_closed) = (Arc::new(shared), Arc::new(AtomicBool::new(false)));
        let closed = Arc::clone(&is_closed);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if closed.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        let event: serde_json::Value = serde_json::from_str(EVENT).map_err(io::Error::other)?;
        Ok(Self { address, seen, function, extension, requests: 0, event: event.to_string(), is_closed })
    }

    /// Waits until each of these was seen once, and tells when.
    pub(crate) fn wait<const N: usize>(&self, wanted: [Seen; N]) -> [Instant; N] {
        let mut moments = [None; N];
        while moments.contains(&None) {
            let (seen, at) = self.seen.recv_timeout(PATIENCE).expect("the processes do as processes in Lambda do");
            if let Some(found) = wanted.iter().position(|wanted| *wanted == seen) {
                moments[found] = Some(at);
            }
        }
        moments.map(|moment| moment.expect("the loop ends when all are there"))
    }

    /// The id of the invocation after the last.
    pub(crate) fn next_id(&mut self) -> String {
        self.requests += 1;
        format!("8f7c2e1a-0000-4000-8000-{:012x}", self.requests)
    }

    /// Tells the extension of an invocation that the caller itself serves.
    pub(crate) fn announce(&self, id: &str) {
        let body = serde_json::json!({
            "eventType": "INVOKE", "deadlineMs": deadline(), "requestId": id, "invokedFunctionArn": ARN,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": TRACE },
        });
        let _ = self.extension.send(message(&[], &body.to_string()));
    }

    /// One invocation of a function and its extension, if it has one, that have both asked.
    pub(crate) fn invoke(&mut self, has_extension: bool) -> Took {
        let id = self.next_id();
        let headers = [
            ("Lambda-Runtime-Aws-Request-Id", id.as_str()),
            ("Lambda-Runtime-Deadline-Ms", &deadline().to_string()),
            ("Lambda-Runtime-Invoked-Function-Arn", ARN),
            ("Lambda-Runtime-Trace-Id", TRACE),
        ];
        let _ = self.function.send(message(&headers, &self.event));
        let [invoked, answered, asked, ready] = if has_extension {
            self.announce(&id);
            self.wait([Seen::Invoked, Seen::Answered, Seen::FunctionAsked, Seen::ExtensionAsked])
        } else {
            let [invoked, answered, asked] = self.wait([Seen::Invoked, Seen::Answered, Seen::FunctionAsked]);
            [invoked, answered, asked, asked]
        };
        Took { response: answered - invoked, cycle: answered.max(asked).max(ready) - invoked }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Release);
        // Wakes the listener, so that it sees that it is closed.
        let _ = TcpStream::connect(self.address);
    }
}

fn deadline() -> u128 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    (now + TIMEOUT).as_millis()
}

/// A head and a body, parted by a line of their own.
fn message(headers: &[(&str, &str)], body: &str) -> String {
    let head: String = headers.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json{head}\n{body}")
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.read()? {
        if answer(&mut connection, &request, shared)?.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

/// `None` when this platform is no more.
fn answer(connection: &mut Connection, request: &Request, shared: &Shared) -> io::Result<Option<()>> {
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    let (queue, asked) = match path {
        "/2020-01-01/extension/register" => {
            let _ = shared.seen.send((Seen::Registered, Instant::now()));
            connection.write("HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: bench", REGISTERED)?;
            return Ok(Some(()));
        }
        "/2020-01-01/extension/event/next" => (&shared.extension, Seen::ExtensionAsked),
        "/2018-06-01/runtime/invocation/next" => (&shared.function, Seen::FunctionAsked),
        path => {
            if path.ends_with("/response") {
                let _ = shared.seen.send((Seen::Answered, Instant::now()));
            }
            let status = if path.ends_with("/telemetry") { "200 OK" } else { "202 Accepted" };
            connection.write(&format!("HTTP/1.1 {status}"), "")?;
            return Ok(Some(()));
        }
    };
    let _ = shared.seen.send((asked, Instant::now()));
    let Ok(message) = queue.lock().expect("no thread of this program panics with it").recv() else { return Ok(None) };
    if asked == Seen::FunctionAsked {
        let _ = shared.seen.send((Seen::Invoked, Instant::now()));
    }
    let (head, body) = message.split_once("\n{").unwrap_or_default();
    connection.write(head, &format!("{{{body}"))?;
    Ok(Some(()))
}
