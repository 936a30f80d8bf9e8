//! A function that ends in the way that its event names: the fixture of `tests/edge` and
//! `tests/chaos`.

use std::io::Write;
use std::path::Path;
use std::process;
use std::time::{Duration, Instant, SystemTime};

use crudder_telemetry::{End, Failure, HttpRequest, Invocation, Trigger};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Before telemetry has started: the ring knows nothing of this process.
    if std::fs::remove_file(std::env::temp_dir().join("die-before-the-ring")).is_ok() {
        await_the_extension();
        process::abort();
    }
    let telemetry = crudder_telemetry::start()?;
    // A file of this name beside the recorder makes the init die. A variable would affect later
    // processes too.
    let marker = Path::new(&telemetry.config().recorder_path).with_file_name("die-in-init");
    if std::fs::remove_file(marker).is_ok() {
        process::abort();
    }
    let started = &Path::new(&telemetry.config().recorder_path).with_file_name("started-spans");
    let telemetry = &telemetry;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let context = event.context.clone();
        let request = HttpRequest::new("GET", "/fixture", "/fixture")
            .with_query(Some("token=s3cr3t-t0ken"))
            .with_server_address(Some("api.example.test"))
            .with_user_agent(Some("edge/1"));
        let invocation = Invocation::from_context(&context, Trigger::Http(request));
        telemetry.observe(invocation, work(event.payload, started), end).await
    }))
    .await
}

fn end(answer: &Result<Value, Error>) -> End {
    match answer {
        Ok(_) => End::http(200),
        Err(error) => End::http(500).because(Failure::new("FixtureError", error.as_ref())),
    }
}

/// Waits until the extension has created its ring, which it does after it has subscribed to
/// platform events. Lambda starts the function once extensions have registered, so a death may come
/// earlier; then only Lambda's own line reports it.
fn await_the_extension() {
    let ring = std::env::temp_dir().join("crudder.recorder");
    let end = Instant::now() + Duration::from_secs(10);
    while !ring.exists() && Instant::now() < end {
        std::thread::yield_now();
    }
}

/// Notes in a file that a span has started, independently of the recorder: this span must be
/// exported.
fn note_start(started: &Path) {
    let Some(ids) = crudder_telemetry::current_ids() else { return };
    let line = format!("{} {}\n", ids.trace_id, ids.span_id);
    let file = std::fs::OpenOptions::new().create(true).append(true).open(started);
    let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
}

async fn work(event: Value, started: &Path) -> Result<Value, Error> {
    note_start(started);
    let kind = event["kind"].as_str().unwrap_or("ok").to_owned();
    step("first", started).await;
    async {
        note_start(started);
        end_as(&kind, &event, started).await
    }
    .instrument(tracing::info_span!("fatal", kind))
    .await
}

async fn step(name: &str, started: &Path) {
    async {
        note_start(started);
        tracing::info!(name, "step");
    }
    .instrument(tracing::info_span!("step"))
    .await;
}

/// Returns four kilobytes that hardly compress: random letters.
fn ballast(number: u64) -> String {
    let clock = SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
    let mut state = clock.wrapping_add(number) | 1;
    let mut letter = |at: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if at % 9 == 8 { ' ' } else { char::from(b'a' + (state >> 33) as u8 % 26) }
    };
    (0..4096).map(&mut letter).collect()
}

async fn end_as(kind: &str, event: &Value, started: &Path) -> Result<Value, Error> {
    match kind {
        "error" => Err("the store is on fire".into()),
        "report" => {
            tracing::warn!(report = true, "look at this");
            Ok(json!("reported"))
        }
        "panic" => panic!("the fixture panics"),
        "slow" => {
            tokio::time::sleep(Duration::from_millis(event["ms"].as_u64().unwrap_or(0))).await;
            step("after a while", started).await;
            Ok(json!("slow"))
        }
        "timeout" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(Value::Null)
        }
        "abort" => process::abort(),
        "exit" => process::exit(3),
        "exit-elsewhere" => {
            std::thread::spawn(|| process::exit(4));
            std::future::pending().await
        }
        "oom" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                // Written to, so that it counts.
                hoard.push(vec![1; 8 << 20]);
                tokio::task::yield_now().await;
            }
        }
        "large" => Ok(json!("x".repeat(7 << 20))),
        "many" => {
            for _ in 0..event["spans"].as_u64().unwrap_or(1) {
                step("one of many", started).await;
                tokio::time::sleep(Duration::from_millis(event["pause_ms"].as_u64().unwrap_or(0))).await;
            }
            Ok(json!("many"))
        }
        "oversized" => {
            let text = "many words ".repeat(30_000);
            async { note_start(started) }.instrument(tracing::info_span!("oversized", text)).await;
            Ok(json!("oversized"))
        }
        "bulky" => {
            for number in 0..event["spans"].as_u64().unwrap_or(1) {
                async { note_start(started) }.instrument(tracing::info_span!("bulky", ballast = ballast(number))).await;
            }
            Ok(json!("bulky"))
        }
        "poison" => {
            async {}.instrument(tracing::info_span!("poisoned", mark = "hemlock")).await;
            Ok(json!("poisoned"))
        }
        _ => Ok(json!("ok")),
    }
}
