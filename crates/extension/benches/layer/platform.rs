//! Lambda's Runtime API and Extensions API for one environment, with one thread per connection. It
//! notes the moments of its own reads and writes on the socket.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::http::{Connection, Request};

/// Longer than anything here takes.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// The deadline of an invocation: longer than any measurement takes.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(600);
/// What API Gateway sends.
const EVENT: &str = include_str!("../../../../events/home-activities.json");
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:bench";
const REGISTERED: &str = r#"{"functionName":"bench","functionVersion":"$LATEST","handler":"bootstrap"}"#;
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What the platform sees of its processes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Milestone {
    Registered,
    FunctionReady,
    ExtensionReady,
    Invoked,
    Responded,
}

pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    seen: Receiver<(Milestone, Instant)>,
    function: Sender<String>,
    extension: Sender<String>,
    requests: u64,
    event: String,
    is_closed: Arc<AtomicBool>,
}

/// The durations of one invocation.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// Until the response had come.
    pub(crate) response: Duration,
    /// Until all had requested `/next`: the billed duration.
    pub(crate) cycle: Duration,
}

struct Shared {
    seen: Sender<(Milestone, Instant)>,
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

    /// Waits until each of these was seen once; returns when.
    pub(crate) fn wait<const N: usize>(&self, wanted: [Milestone; N]) -> [Instant; N] {
        let mut moments = [None; N];
        while moments.contains(&None) {
            let (seen, at) = self.seen.recv_timeout(WAIT_TIMEOUT).expect("the processes behave as in Lambda");
            if let Some(found) = wanted.iter().position(|wanted| *wanted == seen) {
                moments[found] = Some(at);
            }
        }
        moments.map(|moment| moment.expect("the loop ends when all are there"))
    }

    /// Returns the id of the next invocation.
    pub(crate) fn next_id(&mut self) -> String {
        self.requests += 1;
        format!("8f7c2e1a-0000-4000-8000-{:012x}", self.requests)
    }

    /// Announces an invocation to the extension that the caller itself serves.
    pub(crate) fn announce(&self, id: &str) {
        let body = serde_json::json!({
            "eventType": "INVOKE", "deadlineMs": deadline(), "requestId": id, "invokedFunctionArn": ARN,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": TRACE },
        });
        let _ = self.extension.send(message(&[], &body.to_string()));
    }

    /// Invokes a function after it and its extension, if it has one, have requested `/next`.
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
            self.wait([Milestone::Invoked, Milestone::Responded, Milestone::FunctionReady, Milestone::ExtensionReady])
        } else {
            let [invoked, answered, asked] =
                self.wait([Milestone::Invoked, Milestone::Responded, Milestone::FunctionReady]);
            [invoked, answered, asked, asked]
        };
        Took { response: answered - invoked, cycle: answered.max(asked).max(ready) - invoked }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Release);
        // Wakes the listener, so that it notices the end.
        let _ = TcpStream::connect(self.address);
    }
}

fn deadline() -> u128 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    (now + FUNCTION_TIMEOUT).as_millis()
}

/// Returns head and body, separated by a line break.
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

/// Responds to a request; `None` if this platform has ended.
fn answer(connection: &mut Connection, request: &Request, shared: &Shared) -> io::Result<Option<()>> {
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    let (queue, asked) = match path {
        "/2020-01-01/extension/register" => {
            let _ = shared.seen.send((Milestone::Registered, Instant::now()));
            connection.write("HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: bench", REGISTERED)?;
            return Ok(Some(()));
        }
        "/2020-01-01/extension/event/next" => (&shared.extension, Milestone::ExtensionReady),
        "/2018-06-01/runtime/invocation/next" => (&shared.function, Milestone::FunctionReady),
        path => {
            if path.ends_with("/response") {
                let _ = shared.seen.send((Milestone::Responded, Instant::now()));
            }
            let status = if path.ends_with("/telemetry") { "200 OK" } else { "202 Accepted" };
            connection.write(&format!("HTTP/1.1 {status}"), "")?;
            return Ok(Some(()));
        }
    };
    let _ = shared.seen.send((asked, Instant::now()));
    let Ok(message) = queue.lock().expect("no thread panics while it holds the lock").recv() else { return Ok(None) };
    if asked == Milestone::FunctionReady {
        let _ = shared.seen.send((Milestone::Invoked, Instant::now()));
    }
    let (head, body) = message.split_once("\n{").unwrap_or_default();
    connection.write(head, &format!("{{{body}"))?;
    Ok(Some(()))
}
