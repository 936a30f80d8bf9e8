//! X-Ray of the dead: the documents that a function could not send itself.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use crudder_otlp as otlp;
use serde_json::{Value as Json, json};
use tokio::net::UdpSocket;

use crate::answer::Answer;
use crate::config::AwsConfig;
use crate::sign::{self, Call};

/// How long an absent daemon's refusal may take: it comes from this machine's own network stack.
const REFUSAL: Duration = Duration::from_millis(20);

/// The daemon's UDP address as a function was given it: `host:port`, or `tcp:host:port udp:host:port`.
pub(crate) fn daemon(text: &str) -> Option<SocketAddr> {
    let udp = text.split_whitespace().find_map(|part| part.strip_prefix("udp:")).unwrap_or(text);
    udp.parse().ok().or_else(|| udp.to_socket_addrs().ok()?.next())
}

/// A span as the writer of X-Ray documents takes it.
pub(crate) fn document_span<'a>(span: &otlp::Span<'a>) -> crudder_xray::Span<'a> {
    crudder_xray::Span {
        trace_id: span.trace_id,
        id: span.id,
        parent_id: span.parent_id,
        name: span.name,
        kind: match span.kind {
            otlp::SpanKind::Internal => crudder_xray::SpanKind::Internal,
            otlp::SpanKind::Server => crudder_xray::SpanKind::Server,
            otlp::SpanKind::Client => crudder_xray::SpanKind::Client,
            otlp::SpanKind::Producer => crudder_xray::SpanKind::Producer,
            otlp::SpanKind::Consumer => crudder_xray::SpanKind::Consumer,
        },
        start_ns: span.start_ns,
        end_ns: span.end_ns,
        failed: span.failed,
        status_message: span.status_message,
        attributes: document_attributes(&span.attributes),
        events: span
            .events
            .iter()
            .map(|event| crudder_xray::Event { name: event.name, attributes: document_attributes(&event.attributes) })
            .collect(),
    }
}

fn document_attributes<'a>(attributes: &[otlp::Attribute<'a>]) -> Vec<crudder_xray::Attribute<'a>> {
    let convert = |attribute: &otlp::Attribute<'a>| crudder_xray::Attribute {
        key: attribute.key,
        value: document_value(&attribute.value),
    };
    attributes.iter().map(convert).collect()
}

fn document_value<'a>(value: &otlp::Value<'a>) -> crudder_xray::Value<'a> {
    match value {
        otlp::Value::Str(text) => crudder_xray::Value::Str(text),
        otlp::Value::Bool(truth) => crudder_xray::Value::Bool(*truth),
        otlp::Value::Int(number) => crudder_xray::Value::Int(*number),
        otlp::Value::Float(number) => crudder_xray::Value::Float(*number),
        otlp::Value::Array(values) => crudder_xray::Value::Array(values.iter().map(document_value).collect()),
    }
}

/// Sends datagrams to the daemon; where nobody listens, their documents go to the API.
pub(crate) async fn send(
    daemon: Option<SocketAddr>,
    datagrams: Vec<Vec<u8>>,
    aws: AwsConfig,
    client: reqwest::Client,
) -> Answer {
    if let Some(daemon) = daemon
        && by_datagram(daemon, &datagrams).await.is_ok()
    {
        return Answer::Taken { rejected: 0, words: String::new() };
    }
    by_api(&datagrams, &aws, &client).await
}

async fn by_datagram(daemon: SocketAddr, datagrams: &[Vec<u8>]) -> std::io::Result<()> {
    let any: SocketAddr = match daemon {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Connected, so that a closed port's refusal comes back as an error.
    socket.connect(daemon).await?;
    for datagram in datagrams {
        socket.send(datagram).await?;
    }
    // The daemon never answers: whatever can be read here is a refusal.
    match tokio::time::timeout(REFUSAL, socket.recv(&mut [0; 1])).await {
        Ok(Err(refused)) => Err(refused),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// `PutTraceSegments` takes so many documents at once.
const MOST_DOCUMENTS: usize = 50;

async fn by_api(datagrams: &[Vec<u8>], aws: &AwsConfig, client: &reqwest::Client) -> Answer {
    let mut rejected = 0;
    for some in datagrams.chunks(MOST_DOCUMENTS) {
        match put(some, aws, client).await {
            Answer::Taken { rejected: more, .. } => rejected += more,
            other => return other,
        }
    }
    Answer::Taken { rejected, words: String::new() }
}

async fn put(datagrams: &[Vec<u8>], aws: &AwsConfig, client: &reqwest::Client) -> Answer {
    let documents: Vec<_> = datagrams.iter().map(|datagram| document(datagram)).collect();
    let endpoint = || format!("https://xray.{}.amazonaws.com", aws.region);
    let call = Call {
        service: "xray",
        endpoint: aws.xray_endpoint.clone().unwrap_or_else(endpoint),
        path: "/TraceSegments",
        headers: &[("content-type", "application/json")],
        body: Bytes::from(json!({ "TraceSegmentDocuments": documents }).to_string()),
    };
    let answer = match sign::request(client, aws, call, SystemTime::now()).send().await {
        Ok(answer) => answer,
        Err(error) => return Answer::Silent { words: crate::log::chain(&error.without_url()) },
    };
    let status = answer.status().as_u16();
    match (status, answer.bytes().await) {
        (200, Ok(body)) => Answer::Taken { rejected: unprocessed(&body), words: String::new() },
        (429 | 502 | 503 | 504, _) => Answer::Later { after: None },
        (500, _) => Answer::Broken,
        (401 | 403, _) => Answer::KeyRefused { status },
        _ => Answer::Never { status, may_be_one: true },
    }
}

/// A 200 may have lost everything: each document that was not taken is named.
fn unprocessed(body: &[u8]) -> u64 {
    let answer = serde_json::from_slice::<Json>(body).unwrap_or_default();
    answer.get("UnprocessedTraceSegments").and_then(Json::as_array).map_or(0, |all| all.len() as u64)
}

/// What stands behind the daemon's header.
fn document(datagram: &[u8]) -> std::borrow::Cow<'_, str> {
    let start = datagram.iter().position(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    String::from_utf8_lossy(&datagram[start..])
}
