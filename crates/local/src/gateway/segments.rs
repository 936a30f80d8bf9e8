//! Sends the X-Ray segments that AWS itself sends for a request.
//!
//! API Gateway sends the segment of the stage. Lambda sends the segment of the invocation, which is
//! the parent of the function's own. Without them a trace on one machine would have no root. Each
//! segment is one datagram without retries, as at AWS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_emulator::InvocationInfo;
use http::StatusCode;
use serde_json::{Value, json};

use super::trace_header::TraceHeader;

/// The line that the X-Ray daemon requires before each document.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// The longest string of a segment, by X-Ray's documentation.
const MAX_STRING_CHARS: usize = 250;

/// Sends segments to the X-Ray daemon, if there is one.
#[derive(Debug)]
pub(super) struct Segments {
    socket: Option<UdpSocket>,
    /// The name of the stage's segments: `crudder/local`.
    name: String,
}

/// What the segment of the stage contains of a request.
pub(super) struct RequestSummary<'a> {
    pub(super) method: &'a str,
    pub(super) url: String,
    pub(super) client: SocketAddr,
    pub(super) agent: Option<&'a str>,
    pub(super) status: StatusCode,
}

impl Segments {
    pub(super) fn new(daemon: Option<SocketAddr>, api: &str, stage: &str) -> Self {
        // Without a socket there are no segments, but requests are served.
        let socket = daemon.and_then(|daemon| {
            connect(daemon)
                .inspect_err(|error| tracing::warn!("failed to open a socket to the X-Ray daemon: {error}"))
                .ok()
        });
        Self { socket, name: format!("{api}/{stage}") }
    }

    /// Sends the segment of the stage, from `start` until now.
    pub(super) fn send_stage(&self, trace: &TraceHeader, summary: &RequestSummary<'_>, start: SystemTime) {
        let mut segment = json!({
            "name": self.name, "id": trace.segment, "origin": "AWS::ApiGateway::Stage",
            "http": {
                "request": {"method": summary.method, "url": truncate(&summary.url), "client_ip": summary.client.ip()},
                "response": {"status": summary.status.as_u16()},
            },
            "error": summary.status.is_client_error(), "fault": summary.status.is_server_error(),
            "throttle": summary.status == StatusCode::TOO_MANY_REQUESTS,
        });
        if let Some(agent) = summary.agent {
            segment["http"]["request"]["user_agent"] = truncate(agent).into();
        }
        if let Some(caller) = &trace.caller {
            segment["parent_id"] = caller.as_str().into();
        }
        self.send(segment, trace, start);
    }

    /// Sends Lambda's segment of the invocation, from `start` until now.
    pub(super) fn send_invocation(
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

fn truncate(text: &str) -> &str {
    text.char_indices().nth(MAX_STRING_CHARS).map_or(text, |(end, _)| &text[..end])
}
