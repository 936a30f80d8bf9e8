//! Lambda's Extensions API and Telemetry API (versions 2020-01-01 and 2022-07-01), by plain HTTP/1.1 on the loopback.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The name that Lambda knows the layer by: its file's.
const NAME: &str = "crudder-extension";
/// The API is a process on the same machine.
const PATIENCE: Duration = Duration::from_secs(5);
/// Events that are too large are not Lambda's.
const LARGEST_EVENT: usize = 1 << 20;

/// Why the platform could not be talked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LambdaError {
    /// No connection, or one that broke.
    #[error("the Lambda API can't be reached")]
    Unreachable(#[source] std::io::Error),
    /// A connection that broke in the middle.
    #[error("the Lambda API broke off")]
    BrokenOff(#[from] hyper::Error),
    /// It said no.
    #[error("the Lambda API answered {status}: {body}")]
    Refused { status: u16, body: String },
    /// It said something else than is documented.
    #[error("the Lambda API sent what this layer can't read: {0}")]
    Unreadable(&'static str),
    /// It did not answer at all.
    #[error("the Lambda API did not answer in time")]
    Late,
}

/// What `/next` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Invoke {
        request_id: String,
        deadline: Instant,
    },
    Shutdown {
        reason: String,
        deadline: Instant,
    },
    /// An event that is new to us.
    Unknown,
}

/// A registered extension.
#[derive(Debug)]
pub(crate) struct Lambda {
    address: String,
    id: String,
    /// Whether invocations are announced. Where they are not, clocks have to do.
    pub(crate) hears_invoke: bool,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Lambda {
    /// Registers. Managed Instances refuse INVOKE: where that is refused, SHUTDOWN alone is asked for.
    pub(crate) async fn register(address: &str, is_managed: bool) -> Result<Self, LambdaError> {
        let hears_invoke = !is_managed;
        let mut lambda = Self { address: address.to_owned(), id: String::new(), hears_invoke, connection: None };
        let events: &[&str] = if is_managed { &["SHUTDOWN"] } else { &["INVOKE", "SHUTDOWN"] };
        match lambda.try_register(events).await {
            Err(LambdaError::Refused { status: 400..=499, .. }) if !is_managed => {
                lambda.hears_invoke = false;
                lambda.try_register(&["SHUTDOWN"]).await?;
            }
            other => other?,
        }
        Ok(lambda)
    }

    async fn try_register(&mut self, events: &[&str]) -> Result<(), LambdaError> {
        let body = json!({ "events": events }).to_string();
        let request = self.request(Method::POST, "/2020-01-01/extension/register", body);
        let request = request.map_err(|_| LambdaError::Unreadable("its own address"))?;
        let response = tokio::time::timeout(PATIENCE, self.send(request)).await.map_err(|_| LambdaError::Late)??;
        let id = response.headers().get("lambda-extension-identifier").and_then(|id| id.to_str().ok());
        let id = id.unwrap_or_default().to_owned();
        read(response).await?;
        if id.is_empty() {
            return Err(LambdaError::Unreadable("a registration without an identifier"));
        }
        self.id = id;
        Ok(())
    }

    /// Asks for platform events at this port. A 202 is an emulator that has none to give.
    pub(crate) async fn subscribe(&mut self, port: u16) -> Result<(), LambdaError> {
        // Managed Instances take the newest schema only ("Lambda Managed Instances"); the older one is known everywhere.
        let schema = if self.hears_invoke { "2022-12-13" } else { "2025-01-29" };
        let body = json!({
            "schemaVersion": schema,
            "types": ["platform"],
            // The smallest that Lambda takes: `runtimeDone` is waited for.
            "buffering": { "maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25 },
            "destination": { "protocol": "HTTP", "URI": format!("http://sandbox.localdomain:{port}/telemetry") },
        });
        let request = self.request(Method::PUT, "/2022-07-01/telemetry", body.to_string());
        let request = request.map_err(|_| LambdaError::Unreadable("its own address"))?;
        let response = tokio::time::timeout(PATIENCE, self.send(request)).await.map_err(|_| LambdaError::Late)??;
        let status = response.status().as_u16();
        let body = read(response).await?;
        match status {
            202 => Err(LambdaError::Refused { status, body: String::from_utf8_lossy(&body).into_owned() }),
            _ => Ok(()),
        }
    }

    /// Asks for the next event and waits, frozen or not, until there is one.
    pub(crate) async fn next(&mut self) -> Result<Turn, LambdaError> {
        let request = || self.request(Method::GET, "/2020-01-01/extension/event/next", String::new());
        let request = request().map_err(|_| LambdaError::Unreadable("its own address"))?;
        let response = self.send(request).await?;
        let body = read(response).await?;
        let event: Value =
            serde_json::from_slice(&body).map_err(|_| LambdaError::Unreadable("an event that is no JSON"))?;
        Ok(turn(&event, SystemTime::now(), Instant::now()))
    }

    fn request(&self, method: Method, path: &str, body: String) -> http::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.address);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request = match self.id.as_str() {
            "" => request.header("lambda-extension-name", NAME),
            id => request.header("lambda-extension-identifier", id),
        };
        request.body(Full::new(body.into()))
    }

    /// On the open connection, or on a fresh one where that has gone in a freeze.
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, LambdaError> {
        if let Some(mut connection) = self.connection.take()
            && connection.ready().await.is_ok()
        {
            let response = connection.send_request(request).await?;
            self.connection = Some(connection);
            return Ok(response);
        }
        let stream = TcpStream::connect(&self.address).await.map_err(LambdaError::Unreachable)?;
        let (mut connection, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // What breaks the connection is seen where it is used.
            let _ = driver.await;
        });
        let response = connection.send_request(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }
}

async fn read(response: Response<Incoming>) -> Result<Bytes, LambdaError> {
    let status = response.status().as_u16();
    let body = http_body_util::Limited::new(response.into_body(), LARGEST_EVENT).collect().await;
    let body = body.map_err(|_| LambdaError::Unreadable("a body that broke off"))?.to_bytes();
    if (200..300).contains(&status) {
        return Ok(body);
    }
    Err(LambdaError::Refused { status, body: String::from_utf8_lossy(&body).chars().take(200).collect() })
}

/// Deadlines are epoch milliseconds: here, and nowhere else, they become an instant.
fn turn(event: &Value, wall: SystemTime, now: Instant) -> Turn {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let deadline_ms = event.get("deadlineMs").and_then(Value::as_u64).unwrap_or_default();
    let left = (UNIX_EPOCH + Duration::from_millis(deadline_ms)).duration_since(wall).unwrap_or_default();
    // A deadline in the past, as some emulators send, is none: better too late than never to listen.
    let left = if left.is_zero() { NO_DEADLINE } else { left };
    match text("eventType").as_str() {
        "INVOKE" => Turn::Invoke { request_id: text("requestId"), deadline: now + left },
        "SHUTDOWN" => Turn::Shutdown { reason: text("shutdownReason"), deadline: now + left.min(LONGEST_SHUTDOWN) },
        _ => Turn::Unknown,
    }
}

/// Lambda's longest timeout.
const NO_DEADLINE: Duration = Duration::from_secs(900);
/// Lambda gives external extensions two seconds.
const LONGEST_SHUTDOWN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn deadlines_are_epoch_milliseconds() {
        let (wall, now) = (UNIX_EPOCH + Duration::from_millis(1_790_000_000_000), Instant::now());
        let event = json!({ "eventType": "INVOKE", "requestId": "r-1", "deadlineMs": 1_790_000_003_250_u64 });
        let expected = Turn::Invoke { request_id: "r-1".into(), deadline: now + Duration::from_millis(3250) };
        assert_eq!(turn(&event, wall, now), expected);
        let past = json!({ "eventType": "INVOKE", "requestId": "r-1", "deadlineMs": 600_000 });
        assert_eq!(turn(&past, wall, now), Turn::Invoke { request_id: "r-1".into(), deadline: now + NO_DEADLINE });
        assert_eq!(turn(&json!({ "eventType": "NAP" }), wall, now), Turn::Unknown);
    }
}
