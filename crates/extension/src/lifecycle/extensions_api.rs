//! A client of Lambda's Extensions API and Telemetry API (versions 2020-01-01 and 2022-07-01):
//! plain HTTP/1.1 on the loopback interface.

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

/// Lambda knows an extension by the name of its file.
const NAME: &str = "crudder-extension";
/// The API is a process on the same machine.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Lambda sends no larger event.
const MAX_EVENT_BYTES: usize = 1 << 20;

/// The longest timeout of a function.
const MAX_TIMEOUT: Duration = Duration::from_secs(900);
/// Lambda gives external extensions two seconds.
const MAX_SHUTDOWN: Duration = Duration::from_secs(2);

/// Why a call of the Lambda API failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LambdaError {
    /// The connection failed.
    #[error("failed to connect to the Lambda API")]
    Unreachable(#[source] std::io::Error),
    /// The connection broke during a call.
    #[error("the connection to the Lambda API broke")]
    Disconnected(#[from] hyper::Error),
    /// The API refused the call.
    #[error("the Lambda API responded with {status}: {body}")]
    Refused { status: u16, body: String },
    /// The API answered in an undocumented way.
    #[error("unexpected response of the Lambda API: {0}")]
    Unexpected(&'static str),
    /// The API did not respond.
    #[error("the Lambda API did not respond in time")]
    Timeout,
}

/// The response to `/next`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NextEvent {
    Invoke {
        request_id: String,
        deadline: Instant,
    },
    Shutdown {
        reason: String,
        deadline: Instant,
    },
    /// An event of another type.
    Unknown,
}

/// A registered extension.
#[derive(Debug)]
pub(super) struct ExtensionsApi {
    address: String,
    id: String,
    /// Whether Lambda announces invocations. If not, a clock says when to send.
    pub(super) has_invoke: bool,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl ExtensionsApi {
    /// Registers for INVOKE and SHUTDOWN. Managed Instances refuse INVOKE; there it registers for
    /// SHUTDOWN alone.
    pub(super) async fn register(address: &str, is_managed: bool) -> Result<Self, LambdaError> {
        let has_invoke = !is_managed;
        let mut api = Self { address: address.to_owned(), id: String::new(), has_invoke, connection: None };
        let events: &[&str] = if is_managed { &["SHUTDOWN"] } else { &["INVOKE", "SHUTDOWN"] };
        match api.try_register(events).await {
            Err(LambdaError::Refused { status: 400..=499, .. }) if !is_managed => {
                api.has_invoke = false;
                api.try_register(&["SHUTDOWN"]).await?;
            }
            other => other?,
        }
        Ok(api)
    }

    async fn try_register(&mut self, events: &[&str]) -> Result<(), LambdaError> {
        let body = json!({ "events": events }).to_string();
        let request = self.request(Method::POST, "/2020-01-01/extension/register", body);
        let request = request.map_err(|_| LambdaError::Unexpected("invalid AWS_LAMBDA_RUNTIME_API"))?;
        let response = tokio::time::timeout(TIMEOUT, self.send(request)).await.map_err(|_| LambdaError::Timeout)??;
        let id = response.headers().get("lambda-extension-identifier").and_then(|id| id.to_str().ok());
        let id = id.unwrap_or_default().to_owned();
        read(response).await?;
        if id.is_empty() {
            return Err(LambdaError::Unexpected("a registration without an identifier"));
        }
        self.id = id;
        Ok(())
    }

    /// Subscribes to platform events at this port. An emulator without a Telemetry API answers 202.
    pub(super) async fn subscribe(&mut self, port: u16) -> Result<(), LambdaError> {
        // Managed Instances accept only the newest schema ("Lambda Managed Instances"); the older
        // one works everywhere else.
        let schema = if self.has_invoke { "2022-12-13" } else { "2025-01-29" };
        let body = json!({
            "schemaVersion": schema,
            "types": ["platform"],
            // The smallest values that Lambda accepts, because SHUTDOWN waits for `runtimeDone`.
            "buffering": { "maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25 },
            "destination": { "protocol": "HTTP", "URI": format!("http://sandbox.localdomain:{port}/telemetry") },
        });
        let request = self.request(Method::PUT, "/2022-07-01/telemetry", body.to_string());
        let request = request.map_err(|_| LambdaError::Unexpected("invalid AWS_LAMBDA_RUNTIME_API"))?;
        let response = tokio::time::timeout(TIMEOUT, self.send(request)).await.map_err(|_| LambdaError::Timeout)??;
        let status = response.status().as_u16();
        let body = read(response).await?;
        match status {
            202 => Err(LambdaError::Refused { status, body: String::from_utf8_lossy(&body).into_owned() }),
            _ => Ok(()),
        }
    }

    /// Requests the next event and waits for it, through freezes.
    pub(super) async fn next(&mut self) -> Result<NextEvent, LambdaError> {
        let request = || self.request(Method::GET, "/2020-01-01/extension/event/next", String::new());
        let request = request().map_err(|_| LambdaError::Unexpected("invalid AWS_LAMBDA_RUNTIME_API"))?;
        let response = self.send(request).await?;
        let body = read(response).await?;
        let event: Value =
            serde_json::from_slice(&body).map_err(|_| LambdaError::Unexpected("an event that is not JSON"))?;
        Ok(next_event(&event, SystemTime::now(), Instant::now()))
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

    /// Sends a request on the open connection, or on a new one if a freeze has broken that.
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
            // An error shows where the connection is used.
            let _ = driver.await;
        });
        let response = connection.send_request(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }
}

async fn read(response: Response<Incoming>) -> Result<Bytes, LambdaError> {
    let status = response.status().as_u16();
    let body = http_body_util::Limited::new(response.into_body(), MAX_EVENT_BYTES).collect().await;
    let body = body.map_err(|_| LambdaError::Unexpected("a body that broke off"))?.to_bytes();
    if (200..300).contains(&status) {
        return Ok(body);
    }
    Err(LambdaError::Refused { status, body: String::from_utf8_lossy(&body).chars().take(200).collect() })
}

/// Reads an event. This is the only place where a deadline in epoch milliseconds becomes an
/// instant.
fn next_event(event: &Value, wall: SystemTime, now: Instant) -> NextEvent {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let deadline_ms = event.get("deadlineMs").and_then(Value::as_u64).unwrap_or_default();
    let left = (UNIX_EPOCH + Duration::from_millis(deadline_ms)).duration_since(wall).unwrap_or_default();
    // Some emulators send a deadline in the past. It counts as none, so that the extension goes on
    // receiving events.
    let left = if left.is_zero() { MAX_TIMEOUT } else { left };
    match text("eventType").as_str() {
        "INVOKE" => NextEvent::Invoke { request_id: text("requestId"), deadline: now + left },
        "SHUTDOWN" => NextEvent::Shutdown { reason: text("shutdownReason"), deadline: now + left.min(MAX_SHUTDOWN) },
        _ => NextEvent::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn deadlines_are_read_as_epoch_milliseconds() {
        let (wall, now) = (UNIX_EPOCH + Duration::from_millis(1_790_000_000_000), Instant::now());
        let event = json!({ "eventType": "INVOKE", "requestId": "r-1", "deadlineMs": 1_790_000_003_250_u64 });
        let expected = NextEvent::Invoke { request_id: "r-1".into(), deadline: now + Duration::from_millis(3250) };
        assert_eq!(next_event(&event, wall, now), expected);
        let past = json!({ "eventType": "INVOKE", "requestId": "r-1", "deadlineMs": 600_000 });
        assert_eq!(
            next_event(&past, wall, now),
            NextEvent::Invoke { request_id: "r-1".into(), deadline: now + MAX_TIMEOUT }
        );
        assert_eq!(next_event(&json!({ "eventType": "UNKNOWN" }), wall, now), NextEvent::Unknown);
    }
}
