//! No malformed input panics a fake or stops it. proptest prints the input that does.

use crudder_fakes::{Fakes, FakesConfig, Honeycomb, Rollbar, Secrets, TraceId, XrayApi, XrayDaemon};
use crudder_testing::TIMEOUT;
use crudder_testing::http::{call, request};
use crudder_testing::wait::within_timeout;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::support::{batch, document, honeycomb_key, item, post_spans, rollbar_token, span};

/// Each case opens one or two connections. So many cases take about a second.
fn cases() -> Config {
    Config { cases: 96, failure_persistence: None, ..Config::default() }
}

/// Runs one case on its own runtime.
fn run<T>(case: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { within_timeout("the end of the case", case).await })
}

async fn all() -> Fakes {
    Fakes::start(FakesConfig::default()).await.unwrap()
}

/// Generates JSON, a few levels deep, with the field names that the parsers read.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("data"),
        Just("body"),
        Just("trace"),
        Just("trace_chain"),
        Just("frames"),
        Just("exception"),
        Just("person"),
        Just("timestamp"),
        Just("uuid"),
        Just("trace_id"),
        Just("id"),
        Just("subsegments"),
        Just("start_time"),
        Just("end_time"),
        Just("cause"),
        Just("exceptions"),
        Just("http"),
        Just("annotations"),
        Just("metadata"),
        Just("resourceSpans"),
        Just("scopeSpans"),
        Just("spans"),
        Just("startTimeUnixNano"),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

async fn post_batch(honeycomb: &Honeycomb, kind: &str, encoding: &str, body: &[u8]) -> u16 {
    let key = honeycomb_key();
    let headers = [("content-type", kind), ("content-encoding", encoding), ("x-honeycomb-team", key.as_str())];
    call(honeycomb.address(), "POST /v1/traces", &headers, body).await.status
}

async fn post_item(rollbar: &Rollbar, body: &[u8]) -> u16 {
    let token = rollbar_token();
    let headers = [("content-type", "application/json"), ("x-rollbar-access-token", token.as_str())];
    call(rollbar.address(), "POST /api/1/item/", &headers, body).await.status
}

/// Sends a datagram and then a valid document. The daemon has read the first once it has the
/// second.
async fn datagram(daemon: &XrayDaemon, bytes: &[u8]) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(bytes, daemon.address()).await.unwrap();
    let valid = format!("{{\"format\":\"json\",\"version\":1}}\n{}", document("1111222233334444"));
    socket.send_to(valid.as_bytes(), daemon.address()).await.unwrap();
    daemon.wait_for(TIMEOUT, |store| (store.call_log().request_count() == 2).then_some(())).await.unwrap();
}

/// Sends bytes and reads until the connection ends.
async fn send_raw(address: std::net::SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn honeycomb_answers_any_body_in_any_encoding(
        body in prop::collection::vec(any::<u8>(), 0..300),
        kind in prop_oneof![Just("application/json"), Just("application/x-protobuf")],
        encoding in prop_oneof![Just(""), Just("gzip"), Just("zstd")],
    ) {
        let status = run(async { post_batch(&all().await.honeycomb, kind, encoding, &body).await });
        prop_assert!(status == 200 || status == 400, "{}", status);
    }

    #[test]
    fn honeycomb_answers_a_valid_batch_with_a_changed_byte(at in 0_usize..400, byte: u8, length in 0_usize..400) {
        let mut body = prost::Message::encode_to_vec(&batch(vec![span(1), span(2)]));
        let place = at % body.len();
        body[place] = byte;
        body.truncate(length.max(1));
        let status = run(async { post_batch(&all().await.honeycomb, "application/x-protobuf", "", &body).await });
        prop_assert!(status == 200 || status == 400, "{}", status);
    }

    #[test]
    fn honeycomb_answers_any_json(body in json()) {
        let status = run(async { post_batch(&all().await.honeycomb, "application/json", "", body.to_string().as_bytes()).await });
        prop_assert!(status == 200 || status == 400, "{}", status);
    }

    #[test]
    fn honeycomb_accepts_any_times_kinds_and_ids(
        start: u64, end: u64, kind: i32, flags: u32, code: i32,
        trace_id in prop::collection::vec(any::<u8>(), 0..20), span_id in prop::collection::vec(any::<u8>(), 0..12),
        name: String, state: String,
    ) {
        let mut odd = span(1);
        (odd.start_time_unix_nano, odd.end_time_unix_nano, odd.kind, odd.flags) = (start, end, kind, flags);
        (odd.trace_id, odd.span_id, odd.name, odd.trace_state) = (trace_id, span_id, name, format!("ot=th:{state}"));
        odd.status = Some(opentelemetry_proto::tonic::trace::v1::Status { code, message: String::new() });
        let status = run(async { post_spans(all().await.honeycomb.address(), &batch(vec![odd])).await.status });
        prop_assert_eq!(status, 200);
    }

    #[test]
    fn rollbar_answers_any_body(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let status = run(async { post_item(&all().await.rollbar, &body).await });
        prop_assert!(status == 400 || status == 422, "{}", status);
    }

    #[test]
    fn rollbar_answers_any_data(data in json(), body in json()) {
        let mut whole = item("one");
        if data.is_object() { whole["data"] = data; }
        if let Some(fields) = whole["data"].as_object_mut() { fields.insert("body".into(), body); }
        let status = run(async { post_item(&all().await.rollbar, whole.to_string().as_bytes()).await });
        prop_assert!(status == 200 || status == 422, "{}", status);
    }

    #[test]
    fn the_daemon_survives_any_datagram(bytes in prop::collection::vec(any::<u8>(), 0..300), with_header: bool) {
        let header = if with_header { &b"{\"format\":\"json\",\"version\":1}\n"[..] } else { b"" };
        run(async { datagram(&all().await.xray, &[header, &bytes].concat()).await });
    }

    #[test]
    fn the_daemon_survives_any_json(fields in json(), header in json()) {
        let mut whole = document("2111222233334444");
        if let (Value::Object(whole), Value::Object(fields)) = (&mut whole, fields) { whole.extend(fields); }
        run(async {
            let fakes = all().await;
            datagram(&fakes.xray, format!("{{\"format\":\"json\",\"version\":1}}\n{whole}").as_bytes()).await;
            let _ = fakes.xray.with_store(|store| store.trace_ids().map(|id| store.tree(id)).collect::<Vec<_>>());
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.send_to(format!("{header}\n{whole}").as_bytes(), fakes.xray.address()).await.unwrap();
            fakes.xray.wait_for(TIMEOUT, |store| (store.call_log().request_count() == 3).then_some(())).await.unwrap();
        });
    }

    #[test]
    fn every_server_survives_bytes_that_are_not_http(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        run(async {
            let Fakes { honeycomb, rollbar, xray_api, secrets, .. } = all().await;
            for address in [honeycomb.address(), rollbar.address(), XrayApi::address(&xray_api), Secrets::address(&secrets)] {
                send_raw(address, &bytes).await;
                send_raw(address, &request("POST /v1/traces", &[("x-honeycomb-team", "x")], &bytes)[..]).await;
            }
            post_spans(honeycomb.address(), &batch(vec![span(1)])).await
        });
    }

    #[test]
    fn any_text_parses_to_a_trace_id_or_an_error(text: String) {
        if let Ok(id) = text.parse::<TraceId>() {
            prop_assert_eq!(id.xray().parse::<TraceId>(), Ok(id));
        }
    }
}
