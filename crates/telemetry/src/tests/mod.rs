//! Tests of the whole crate: an observed request, and what each destination received.

mod destinations;
mod lines;
mod otlp_conformance;
mod post_response;
mod xray_conformance;

use std::future::Future;
use std::io::Read;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

use crudder_recorder::{Kind, Reader, SpanIds};
use opentelemetry_proto::tonic::trace::v1::{Span, span};
use prost::Message;
use serde_json::Value;
use tempfile::TempDir;
use tracing::{Dispatch, dispatcher};

use crate::config::Config;
use crate::telemetry::Telemetry;
use crate::{HttpRequest, Invocation, Trigger};

pub(super) const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// Telemetry between a pipe, a UDP socket and a ring of its own.
pub(super) struct Bench {
    pub(super) telemetry: Telemetry,
    dispatch: Dispatch,
    lines: JoinHandle<String>,
    daemon: UdpSocket,
    reader: Reader,
    _folder: TempDir,
}

/// Everything that the destinations received.
pub(super) struct Received {
    pub(super) lines: Vec<Value>,
    pub(super) documents: Vec<Value>,
    pub(super) records: Vec<Recorded>,
}

/// A record, with its OTLP message decoded.
#[derive(Debug)]
pub(super) enum Recorded {
    Span(Kind, u32, SpanIds, Box<Span>),
    Event(u32, span::Event),
    Other(Kind, u32, Vec<u8>),
}

impl Bench {
    pub(super) fn new(settings: &[(&str, &str)]) -> Self {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let reader = Reader::open(&ring, 1 << 20).unwrap();
        let address = daemon.local_addr().unwrap().to_string();
        let config = Config::read(|name| {
            let set = settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            match name {
                "AWS_XRAY_DAEMON_ADDRESS" => Some(address.clone()),
                "CRUDDER_RECORDER" => set.or_else(|| Some(ring.display().to_string())),
                _ => set,
            }
        });
        let (mut read, write) = std::io::pipe().unwrap();
        // Reads all the time, as Lambda does: a pipe holds 64 kB.
        let lines = std::thread::spawn(move || {
            let mut text = String::new();
            read.read_to_string(&mut text).unwrap();
            text
        });
        let (telemetry, dispatch) =
            Telemetry::builder().service_name("crudder").scoped(config.unwrap(), write.as_fd()).unwrap();
        Self { telemetry, dispatch, lines, daemon, reader, _folder: folder }
    }

    /// Runs `work` under the subscriber of this bench.
    pub(super) fn run<R>(&self, work: impl FnOnce(&Telemetry) -> R) -> R {
        dispatcher::with_default(&self.dispatch, || work(&self.telemetry))
    }

    /// The kinds of the records so far.
    pub(super) fn records(&mut self) -> Vec<Kind> {
        std::iter::from_fn(|| self.reader.read().map(|record| record.kind)).collect()
    }

    /// Everything that was received. A sent datagram is already in its socket, so nothing has to be awaited.
    pub(super) fn received(mut self) -> Received {
        self.daemon.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 1 << 16];
        let mut documents = Vec::new();
        while let Ok(length) = self.daemon.recv(&mut buffer) {
            let datagram = &buffer[..length];
            let body = datagram.iter().position(|byte| *byte == b'\n').unwrap();
            documents.push(serde_json::from_slice(&datagram[body..]).unwrap());
        }
        let mut records = Vec::new();
        while let Some(record) = self.reader.read() {
            let (kind, index, payload) = (record.kind, record.invocation, record.payload);
            records.push(match kind {
                Kind::SpanStarted | Kind::SpanEnded => {
                    let (ids, message) = SpanIds::split(payload).unwrap();
                    Recorded::Span(kind, index, ids, Box::new(Span::decode(message).unwrap()))
                }
                Kind::Event => {
                    let (_, message) = SpanIds::split(payload).unwrap();
                    Recorded::Event(index, span::Event::decode(message).unwrap())
                }
                _ => Recorded::Other(kind, index, payload.to_vec()),
            });
        }
        // Drops the last writers of the pipe, so that the reader sees its end.
        drop((self.telemetry, self.dispatch));
        let text = self.lines.join().unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Received { lines, documents, records }
    }
}

impl Received {
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let kind = |record: &Recorded| match record {
            Recorded::Span(kind, ..) | Recorded::Other(kind, ..) => *kind,
            Recorded::Event(..) => Kind::Event,
        };
        self.records.iter().map(kind).collect()
    }

    pub(super) fn ended(&self, name: &str) -> &Span {
        let found = self.records.iter().find_map(|record| match record {
            Recorded::Span(Kind::SpanEnded, _, _, span) if span.name == name => Some(span),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no span {name} ended in {:?}", self.records))
    }

    /// The reports; all are of the first invocation.
    pub(super) fn events(&self) -> Vec<&span::Event> {
        let mut events = Vec::new();
        for record in &self.records {
            if let Recorded::Event(index, event) = record {
                assert_eq!(*index, 1);
                events.push(event);
            }
        }
        events
    }
}

/// The value of an attribute as JSON.
pub(super) fn attribute(attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue], key: &str) -> Value {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    fn json(value: &Any) -> Value {
        match value {
            Any::StringValue(text) => text.as_str().into(),
            Any::BoolValue(truth) => (*truth).into(),
            Any::IntValue(number) => (*number).into(),
            Any::DoubleValue(number) => (*number).into(),
            Any::ArrayValue(array) => array.values.iter().filter_map(|one| one.value.as_ref()).map(json).collect(),
            other => panic!("{other:?} is never written"),
        }
    }
    let mut found = attributes.iter().filter(|pair| pair.key == key);
    let value = found.next().and_then(|pair| pair.value.as_ref()?.value.as_ref()).map_or(Value::Null, json);
    assert!(found.next().is_none(), "{key} is there twice");
    value
}

/// Runs a future that never waits.
pub(super) fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}

pub(super) fn home() -> Invocation<'static> {
    let http = HttpRequest::new("GET", "/api/activities/home", "/api/activities/home")
        .with_query(Some("limit=3"))
        .with_client_address(Some("203.0.113.7"))
        .with_user_agent(Some("curl/8"))
        .with_server_address(Some("api.example.test"));
    Invocation::new("8f7c2e1a", Trigger::Http(http))
        .with_trace_header(Some(HEADER))
        .with_function_arn("arn:aws:lambda:ca-central-1:123456789012:function:home:live")
}
