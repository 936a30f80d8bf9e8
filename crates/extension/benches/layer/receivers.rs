//! Measures the cost of a span in an independent receiver: rotel, written in Rust, which receives
//! OTLP by HTTP and forwards it packed, which can't be turned off. It is also measured while it
//! discards everything, the least that a receiver can do. `CRUDDER_ROTEL` is its program; it is
//! installed by pip.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::http::Connection;
use crate::process::Process;
use crate::rows::Row;
use crate::sink::{PAUSE, Sink, TIMEOUT};

const SPANS: u64 = 100_000;
/// Promise 9.
const TIMES: f64 = 4.0;
/// Five times as long as rotel keeps a batch open.
const SETTLES: Duration = Duration::from_secs(1);

/// Prints spans per CPU second in requests of five spans, as a function sends them per invocation,
/// and of as many as the SDK sends at once. `layer` is the layer's figure.
pub(crate) fn measure(program: &Path, layer: f64) -> io::Result<Row> {
    let sends = Exporter::Otlp;
    let (few, many) = (spans_per_cpu_second(program, sends, 5)?, spans_per_cpu_second(program, sends, 500)?);
    let nothing = spans_per_cpu_second(program, Exporter::Blackhole, 5)?;
    println!(
        "throughput, spans per CPU second of rotel: {few:.0} in requests of 5 spans, {many:.0} in requests of 500; {nothing:.0} of 5 that it discards"
    );
    let figure = format!(
        "x{:.1} of rotel ({few:.0}; x{:.1} when it gets 500 spans at once, x{:.1} when it discards them)",
        layer / few,
        layer / many,
        layer / nothing
    );
    Ok(Row::new("9b", "the same, of a receiver beside it", "4 times", figure, layer / few >= TIMES))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Exporter {
    Otlp,
    Blackhole,
}

fn spans_per_cpu_second(program: &Path, exporter: Exporter, size: u64) -> io::Result<f64> {
    let sink = Sink::start(Duration::ZERO)?;
    let (http, grpc) = (free_port()?, free_port()?);
    let name = if exporter == Exporter::Otlp { "otlp" } else { "blackhole" };
    let variables = BTreeMap::from([
        ("ROTEL_OTLP_HTTP_ENDPOINT", http.to_string()),
        ("ROTEL_OTLP_GRPC_ENDPOINT", grpc.to_string()),
        ("ROTEL_EXPORTER", name.to_owned()),
        ("ROTEL_OTLP_EXPORTER_ENDPOINT", sink.url().to_owned()),
        ("ROTEL_OTLP_EXPORTER_PROTOCOL", "http".to_owned()),
    ]);
    let rotel = Process::of(program, Some("start"), &variables)?;
    let mut connection = Connection::new(connect(http)?)?;
    let before = rotel.cpu()?;
    let body = request(size);
    let head = format!("POST /v1/traces HTTP/1.1\r\nHost: {http}\r\nContent-Type: application/x-protobuf");
    for _ in 0..SPANS / size {
        connection.write_bytes(&head, &body)?;
        let answer = connection.read()?.map(|answer| answer.line).unwrap_or_default();
        assert!(answer.contains(" 200 "), "refused spans would count as fast: {answer}");
    }
    if exporter == Exporter::Blackhole {
        std::thread::park_timeout(SETTLES);
    } else {
        sink.wait_for(SPANS);
        assert_eq!(sink.spans(), SPANS, "undelivered spans would count as fast");
    }
    Ok(SPANS as f64 / (rotel.cpu()? - before))
}

fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let began = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Err(_) if began.elapsed() < TIMEOUT => std::thread::park_timeout(PAUSE),
            connected => return connected,
        }
    }
}

/// Encodes spans like those of the measured request.
fn request(spans: u64) -> Vec<u8> {
    let text = |key: &str, value: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) }),
        ..KeyValue::default()
    };
    let span = |number: u64| Span {
        trace_id: vec![7; 16],
        span_id: number.to_be_bytes().to_vec(),
        name: "DynamoDB.Query".to_owned(),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_001_000_000,
        attributes: vec![text("rpc.method", "Query"), text("one", "1"), text("two", "2"), text("rows", "40")],
        ..Span::default()
    };
    let scope = ScopeSpans { spans: (1..=spans).map(span).collect(), ..ScopeSpans::default() };
    let resource = ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource] }.encode_to_vec()
}
