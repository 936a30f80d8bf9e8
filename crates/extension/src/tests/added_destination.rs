//! One more destination that only this test registers: it has a queue, a circuit breaker, a spool,
//! dead letters and replay like the others, without a change anywhere else.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use crudder_recorder::{InvocationEnded, InvocationStarted, Kind, Outcome, Reader, SpanIds, Writer};
use crudder_settings::{ConfigError, Kind as SettingKind, Setting};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::aws::KeySource;
use crate::config::Config;
use crate::dead_letters::replay;
use crate::environment::Environment;
use crate::exporters::{
    Access, Batch, Build, Context, Credentials, ExportResult, Exporter, HttpResponse, Item, Observation, Payload,
    REGISTRY,
};
use crate::log;
use crate::processor::Processor;

const RING_BYTES: u64 = 1 << 15;
const KEY: Setting = Setting::new("WEBHOOK_KEY", None, SettingKind::Secret);
const ENDPOINT: Setting = Setting::new("WEBHOOK_ENDPOINT", Some("https://webhook.test"), SettingKind::Url);

/// Exports one line per finished invocation: its request id and the number of its spans.
#[derive(Debug)]
struct Webhook {
    key: Option<KeySource>,
    endpoint: String,
}

impl Webhook {
    fn build(environment: &Environment<'_>) -> Result<Arc<dyn Exporter>, ConfigError> {
        let endpoint = environment.text(&ENDPOINT)?;
        Ok(Arc::new(Self { key: KeySource::read(environment, &KEY)?, endpoint }))
    }
}

impl Exporter for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn key_variable(&self) -> &'static str {
        "WEBHOOK_KEY"
    }

    fn credentials(&self) -> Credentials {
        Credentials::ApiKey(self.key.clone())
    }

    fn max_items(&self) -> usize {
        4
    }

    fn items(&self, observation: &Observation<'_>, context: &Context<'_>) -> Vec<Item> {
        let Observation::Finished { invocation, .. } = observation else { return Vec::new() };
        let [start, end] = invocation.frame_positions()[..] else { return Vec::new() };
        let line = format!("{} {}\n", invocation.request_id, invocation.spans.len());
        let item = Item::new(end, Payload::new(line.into()), context.now);
        vec![Item { also: vec![start], has_error: false, ..item }]
    }

    fn encode(&self, batch: &Batch<'_>) -> Payload {
        let lines: Vec<u8> = batch.items.iter().flat_map(|item| item.payload.body.to_vec()).collect();
        Payload::new(lines.into())
    }

    fn request(&self, payload: &Payload, access: Access<'_>) -> reqwest::RequestBuilder {
        access.client.post(&self.endpoint).header("x-key", access.api_key).body(payload.body.clone())
    }

    fn classify(&self, response: &HttpResponse, _now: SystemTime) -> ExportResult {
        match response.status {
            200 => ExportResult::ACCEPTED,
            503 => ExportResult::Throttled { retry_after: None },
            status => ExportResult::Rejected { status, may_be_one_item: false },
        }
    }
}

/// The destination's server: it answers 503 until it is up, and keeps the lines that it accepted.
#[derive(Default)]
struct Server {
    is_up: bool,
    lines: Vec<String>,
}

impl Server {
    async fn start() -> (String, Arc<Mutex<Self>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(Mutex::new(Self::default()));
        let shared = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| Self::respond(request, shared.clone()));
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        (url, server)
    }

    async fn respond(
        request: Request<Incoming>,
        server: Arc<Mutex<Self>>,
    ) -> Result<Response<Empty<Bytes>>, Infallible> {
        assert_eq!(request.headers()["x-key"], "a-key");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let mut server = server.lock().unwrap();
        let status = if server.is_up { 200 } else { 503 };
        if server.is_up {
            server.lines.extend(str::from_utf8(&body).unwrap().lines().map(ToOwned::to_owned));
        }
        Ok(Response::builder().status(status).body(Empty::new()).unwrap())
    }
}

fn config(ring: &Path, url: &str) -> Config {
    let registry: Vec<Build> = REGISTRY.iter().copied().chain([Webhook::build as Build]).collect();
    let settings = |name| match name {
        "AWS_LAMBDA_RUNTIME_API" => Some("127.0.0.1:1".to_owned()),
        "CRUDDER_RECORDER" => Some(ring.display().to_string()),
        "WEBHOOK_ENDPOINT" => Some(url.to_owned()),
        "WEBHOOK_KEY" => Some("a-key".to_owned()),
        _ => None,
    };
    Config::with_exporters(&registry, settings).unwrap()
}

fn processor_of(config: &Config) -> Processor {
    let reader = Reader::open(&config.recorder, RING_BYTES).unwrap();
    let reader = reader.with_sinks(&config.destinations()).unwrap();
    let mut processor = Processor::new(config.clone(), reader, Instant::now());
    processor.may_send = true;
    processor
}

/// Writes an invocation with one span, as a function does.
fn invocation(writer: &Writer, index: u32) -> String {
    let request_id = format!("request-{index}");
    let mut payload = Vec::new();
    let started = InvocationStarted { request_id: &request_id, ..InvocationStarted::default() };
    started.encode(&mut payload);
    writer.write(Kind::InvocationStarted, index, &[&payload]).unwrap();
    let ids = SpanIds { trace: [1; 16], span: [2; 8], parent: [0; 8] }.encode();
    writer.write(Kind::SpanStarted, index, &[&ids]).unwrap();
    writer.write(Kind::SpanEnded, index, &[&ids]).unwrap();
    payload.clear();
    let outcome = Outcome::Succeeded;
    InvocationEnded { ended_unix_nano: 1, outcome, request_id: &request_id }.encode(&mut payload);
    writer.write(Kind::InvocationEnded, index, &[&payload]).unwrap();
    format!("{request_id} 1")
}

/// Sends until nothing is left to send at `now`.
async fn deliver(processor: &mut Processor, now: Instant) {
    processor.send(now);
    while processor.dispatcher.has_work(now) {
        let completion = processor.dispatcher.transport.completed().await;
        processor.complete(completion, now);
        processor.send(now);
    }
}

fn spool_files(ring: &Path) -> Vec<String> {
    let folder = ring.with_extension("spool");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn an_added_destination_has_a_queue_a_circuit_breaker_and_a_spool() {
    let (folder, (url, server)) = (tempfile::tempdir().unwrap(), Server::start().await);
    let ring = folder.path().join("ring");
    let config = config(&ring, &url);
    let mut processor = processor_of(&config);
    let writer = Writer::open(&ring, RING_BYTES).unwrap();
    let now = Instant::now();
    let mut expected = vec![invocation(&writer, 1)];
    processor.absorb(now);
    deliver(&mut processor, now).await;
    assert!(processor.dispatcher.retry_at().is_some_and(|at| at > now), "the breaker has tripped");
    for index in 2..100 {
        expected.push(invocation(&writer, index));
        processor.absorb(now);
    }
    let spooled = spool_files(&ring);
    assert!(!spooled.is_empty() && spooled.iter().all(|name| name.starts_with("webhook-")), "{spooled:?}");
    // The next extension process delivers the spool and the rest of the ring, each line once.
    drop(processor);
    let mut processor = processor_of(&config);
    server.lock().unwrap().is_up = true;
    deliver(&mut processor, now + Duration::from_secs(100)).await;
    assert!(spool_files(&ring).is_empty());
    let mut delivered = server.lock().unwrap().lines.clone();
    let number = |line: &String| line["request-".len()..line.len() - 2].parse::<u32>().unwrap();
    delivered.sort_by_key(number);
    assert_eq!(delivered, expected);
}

#[tokio::test]
async fn an_added_destination_has_dead_letters_that_are_replayed() {
    let (folder, (url, server)) = (tempfile::tempdir().unwrap(), Server::start().await);
    let ring = folder.path().join("ring");
    let config = config(&ring, &url);
    let mut processor = processor_of(&config);
    let writer = Writer::open(&ring, RING_BYTES).unwrap();
    let expected = [invocation(&writer, 1), invocation(&writer, 2)];
    let now = Instant::now();
    processor.absorb(now);
    deliver(&mut processor, now).await;
    processor.dead_letter_all(now);
    server.lock().unwrap().is_up = true;
    let replayed = replay(log::capture::lines(), &config).await;
    assert_eq!((replayed.delivered, replayed.failed), (2, Vec::new()));
    assert_eq!(server.lock().unwrap().lines, expected);
}
