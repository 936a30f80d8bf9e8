//! The segments that AWS itself sends of a request: the API stage's, and the one of Lambda under which the function hangs its own. Without them
//! a trace of one machine would have no root. One datagram each, never waited for: a lost one is lost, as at AWS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_emulator::InvocationInfo;
use http::StatusCode;
use serde_json::{Value, json};

use super::trace::TraceHeader;

/// What the daemon wants before each document.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// X-Ray takes strings of up to 250 letters.
const LONGEST: usize = 250;

/// The way to X-Ray, if there is one.
#[derive(Debug)]
pub(super) struct Segments {
    socket: Option<UdpSocket>,
    /// `crudder/local`: what X-Ray calls the stage of an API.
    name: String,
}

/// A request as its segment tells it.
pub(super) struct Seen<'a> {
    pub(super) method: &'a str,
    pub(super) url: String,
    pub(super) client: SocketAddr,
    pub(super) agent: Option<&'a str>,
    pub(super) status: StatusCode,
}

impl Segments {
    pub(super) fn new(daemon: Option<SocketAddr>, api: &str, stage: &str) -> Self {
        // Without a socket there are no segments; requests are served all the same.
        let socket =
            daemon.and_then(|daemon| connect(daemon).inspect_err(|error| tracing::warn!("no X-Ray: {error}")).ok());
        Self { socket, name: format!("{api}/{stage}") }
    }

    /// The stage's own segment, from `start` until now.
    pub(super) fn request(&self, trace: &TraceHeader, seen: &Seen<'_>, start: SystemTime) {
        let mut segment = json!({
            "name": self.name, "id": trace.segment, "origin": "AWS::ApiGateway::Stage",
            "http": {
                "request": {"method": seen.method, "url": cut(&seen.url), "client_ip": seen.client.ip()},
                "response": {"status": seen.status.as_u16()},
            },
            "error": seen.status.is_client_error(), "fault": seen.status.is_server_error(),
            "throttle": seen.status == StatusCode::TOO_MANY_REQUESTS,
        });
        if let Some(agent) = seen.agent {
            segment["http"]["request"]["user_agent"] = cut(agent).into();
        }
        if let Some(caller) = &trace.caller {
            segment["parent_id"] = caller.as_str().into();
        }
        self.send(segment, trace, start);
    }

    /// Lambda's segment of the invocation, from `start` until now.
    pub(super) fn invocation(
        &self,
        trace: &TraceHeader,
        function: &str,
        info: &InvocationInfo,
        failed: bool,
        start: SystemTime,
    ) {
        let segment = json!({
            "name": function, "id": info.segment_id, "parent_id": trace.segment, "origin": "AWS::Lambda::Function",
            "aws": {"request_id": info.request_id}, "fault": failed,
        });
        self.send(segment, trace, start);
    }

    fn send(&self, mut segment: Value, trace: &TraceHeader, start: SystemTime) {
        let Some(socket) = self.socket.as_ref().filter(|_| trace.sampled) else { return };
        segment["trace_id"] = trace.root.as_str().into();
        segment["start_time"] = seconds(start).into();
        segment["end_time"] = seconds(SystemTime::now().max(start)).into();
        let _ = socket.send(format!("{HEADER}{segment}").as_bytes());
    }
}

fn connect(daemon: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    socket.connect(daemon)?;
    Ok(socket)
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}
