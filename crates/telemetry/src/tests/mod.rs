//! Tests of the whole: an observed request, and what each plane got of it.

mod after;
mod lines;
mod otlp_conformance;
mod planes;
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
use crate::log::Output;
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

/// What the planes got.
pub(super) struct Told {
    pub(super) lines: Vec<Value>,
    pub(super) documents: Vec<Value>,
    pub(super) records: Vec<Recorded>,
}

/// A record, its message decoded where it is one of OTLP's.
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
        // Read all along, as Lambda does: a pipe holds 64 kB.
        let lines = std::thread::spawn(move || {
            let mut text = String::new();
            read.read_to_string(&mut text).unwrap();
            text
        });
        let (telemetry, dispatch) = Telemetry::build(config.unwrap(), Some(Output::new(write.as_fd()).unwrap()));
        Self { telemetry, dispatch, lines, daemon, reader, _folder: folder }
    }

    /// Runs `work` under this bench's subscriber.
    pub(super) fn run<R>(&self, work: impl FnOnce(&Telemetry) -> R) -> R {
        dispatcher::with_default(&self.dispatch, || work(&self.telemetry))
    }

    /// The kinds of what is recorded so far.
    pub(super) fn records(&mut self) -> Vec<Kind> {
        std::iter::from_fn(|| self.reader.read().map(|record| record.kind)).collect()
    }

    /// Everything that was told. A datagram that was sent is already with its socket, so nothing has to be waited for.
    pub(super) fn told(mut self) -> Told {
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
        // The last writers of the pipe go, so that its end can be read.
        drop((self.telemetry, self.dispatch));
        let text = self.lines.join().unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Told { lines, documents, records }
    }
}

impl Told {
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

    /// The reports, all of the first invocation.
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

/// An attribute as its JSON value.
pub(super) fn attribute(attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue], key: &str) -> Value {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    fn json(value: &Any) -> Value {
        match value {
            Any::StringValue(text) => text.as_str().into(),
            Any::BoolValue(truth) => (*truth).into(),
            Any::IntValue(number) => (*number).into(),
            Any::DoubleValue(number) => (*number).into(),
            Any::ArrayValue(array) => array.values.iter().filter_map(|one| one.value.as_ref()).map(json).collect(),
            other => panic!("{other:?} is nothing we write"),
        }
    }
    let mut found = attributes.iter().filter(|pair| pair.key == key);
    let value = found.next().and_then(|pair| pair.value.as_ref()?.value.as_ref()).map_or(Value::Null, json);
    assert!(found.next().is_none(), "{key} stands twice");
    value
}

/// Runs a future that never waits.
pub(super) fn ready<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing here waits"),
    }
}

pub(super) fn home() -> Invocation<'static> {
    let http = HttpRequest {
        method: "GET",
        route: "/api/activities/home",
        path: "/api/activities/home",
        query: Some("limit=3"),
        scheme: "https",
        client_address: Some("203.0.113.7"),
        user_agent: Some("curl/8"),
        server_address: Some("api.example.test"),
        ..HttpRequest::default()
    };
    let arn = "arn:aws:lambda:ca-central-1:123456789012:function:home:live";
    Invocation { function_arn: arn, ..Invocation::new("8f7c2e1a", Trigger::Http(http)).with_trace_header(Some(HEADER)) }
}
