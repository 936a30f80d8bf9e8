//! Kills function or layer at a random moment in each of many requests, with vendors that fail at random and environments thrown
//! away now and then. At the end every span that started is at the vendor, every death is one item, nothing came twice without
//! excuse. What a discarded environment takes with it is counted apart.
//!
//! `CRUDDER_TORTURE_REQUESTS` sets how many requests, `CRUDDER_TORTURE_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use crudder_recorder::{Counter, Kind as RecordKind, Reader, SpanIds, Vendor};
use crudder_stage::{
    FailureKind, Faults, FunctionConfig, Invocation, Kill, Moment, Outcome, Stage, StageConfig, StageEvent, Whom,
};
use crudder_vendors::{Fault, HoneycombKey, Plan, RetryAfter, RollbarToken, TraceId, Vendors, VendorsConfig};
use serde_json::json;

const FUNCTION: &str = "victim";
const REQUESTS: u64 = 120;
const PATIENCE: Duration = Duration::from_secs(60);
/// Short, so that a timeout costs little; long enough for an honest request on a busy machine.
const TIMEOUT: Duration = Duration::from_millis(900);

/// Numbers that look random and follow from the seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize].clone()
    }
}

#[derive(Default)]
struct Tally {
    killed_functions: u64,
    killed_layers: u64,
    /// Requests that failed in the platform's eyes, and with which error.
    died: BTreeMap<TraceId, String>,
    answered: u64,
    discarded: Vec<PathBuf>,
    longest: Duration,
}

#[expect(clippy::disallowed_methods, reason = "the two settings of this test, read once")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn whatever_is_killed_nothing_is_lost_and_nothing_is_told_twice_without_excuse() {
    let seed = setting("CRUDDER_TORTURE_SEED")
        .unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64 | 1);
    let requests = setting("CRUDDER_TORTURE_REQUESTS").unwrap_or(REQUESTS);
    println!("torture: seed {seed}, {requests} requests");
    let mut dice = Dice(seed);
    let vendors = Vendors::start(VendorsConfig::default()).await.expect("the stand-ins start");
    fail_at_random(&vendors, seed);
    let folder = tempfile::tempdir().expect("a folder");
    let stage = open(&vendors, folder.path());
    let mut events = stage.subscribe();
    let mut seen = Vec::new();
    let mut tally = Tally::default();
    for number in 0..requests {
        one_request(&stage, &mut dice, number, &mut tally).await;
        while let Some(event) = events.try_next() {
            seen.push(event);
        }
        if dice.roll(40) == 0 {
            destroy(&stage, &mut tally).await;
        }
    }
    // The vendors recover, the environment serves once more, and is spun down in order.
    vendors.honeycomb.faults().clear();
    vendors.rollbar.faults().clear();
    stage.set_faults(FUNCTION, Faults::default()).expect("a function");
    // Longer than the last kill may still be on its way.
    let mut in_peace = 0;
    for number in 0..20 {
        let (outcome, _) = call(&stage, "slow", requests + 19 + 20 * number).await;
        in_peace = if matches!(outcome, Outcome::Answered { .. }) { in_peace + 1 } else { 0 };
        if in_peace == 3 {
            break;
        }
    }
    for environment in stage.environments() {
        stage.discard(&environment.id).await;
    }
    while let Some(event) = events.try_next() {
        seen.push(event);
    }
    let letters = replay(&vendors, &seen).await;
    let judged = judge(&vendors, folder.path(), &tally, letters);
    println!("{}", judged.told);
    check(&judged, &tally, &seen);
    stage.shutdown().await;
}

fn open(vendors: &Vendors, folder: &Path) -> Stage {
    let layer = PathBuf::from(env!("CARGO_BIN_EXE_crudder-extension"));
    let mut config = StageConfig::new(folder);
    config.xray_daemon = Some(vendors.xray.address());
    config.environments_per_function = 1;
    config.keep_folders = true;
    let bootstrap = layer.with_file_name("examples").join("victim");
    config.extensions.push(layer);
    let environment = BTreeMap::from([
        ("HONEYCOMB_API_KEY".to_owned(), HoneycombKey::local().text.reveal().to_owned()),
        ("HONEYCOMB_API_ENDPOINT".to_owned(), vendors.honeycomb.url()),
        ("ROLLBAR_ACCESS_TOKEN".to_owned(), RollbarToken::local().text.reveal().to_owned()),
        ("ROLLBAR_ENDPOINT".to_owned(), format!("{}/api/1/item/", vendors.rollbar.url())),
        ("AWS_ENDPOINT_URL_XRAY".to_owned(), vendors.xray_api.url()),
        ("CRUDDER_FLUSH_BUDGET_MS".to_owned(), "100".to_owned()),
    ]);
    let function =
        FunctionConfig { name: FUNCTION.to_owned(), bootstrap, timeout: TIMEOUT, memory_mb: 512, environment };
    Stage::new(config, vec![function]).expect("a stage")
}

fn fail_at_random(vendors: &Vendors, seed: u64) {
    let faults = [
        Fault::Unavailable(RetryAfter::Unsaid),
        Fault::Throttled(RetryAfter::Seconds(1)),
        Fault::ServerError,
        Fault::BadGateway,
        Fault::HalfAnswer,
        Fault::Reset { take: true },
        Fault::Reset { take: false },
        Fault::Cut { take: true },
        Fault::Late { after: Duration::from_millis(30) },
    ];
    for (index, fault) in faults.into_iter().enumerate() {
        let seed = seed.wrapping_add(index as u64);
        vendors.honeycomb.faults().add(Plan::chance(0.03, seed, fault.clone())).expect("a fault it knows");
        vendors.rollbar.faults().add(Plan::chance(0.03, seed ^ 7, fault)).expect("a fault it knows");
    }
}

async fn one_request(stage: &Stage, dice: &mut Dice, number: u64, tally: &mut Tally) {
    let kind = match dice.roll(20) {
        0 => "abort",
        1 => "exit",
        2 if dice.roll(3) == 0 => "timeout",
        3 => "panic",
        4 | 5 => "error",
        6..=10 => "slow",
        _ => "ok",
    };
    let mut kills = Vec::new();
    let moments = [Moment::Invoked, Moment::Answered, Moment::RuntimeDone];
    let after = Duration::from_micros(dice.roll(25_000));
    match dice.roll(4) {
        0 => {
            tally.killed_functions += 1;
            kills.push(Kill { whom: Whom::Runtime, moment: Moment::Invoked, after });
        }
        1 => {
            tally.killed_layers += 1;
            kills.push(Kill { whom: Whom::Extensions, moment: dice.pick(&moments), after });
        }
        2 if dice.roll(4) == 0 => {
            tally.killed_layers += 1;
            kills.push(Kill { whom: Whom::Extensions, moment: Moment::Shutdown, after });
        }
        _ => (),
    }
    stage.set_faults(FUNCTION, Faults { kills, ..Faults::default() }).expect("a function");
    let before = Instant::now();
    let (outcome, trace) = call(stage, kind, number).await;
    tally.longest = tally.longest.max(before.elapsed());
    match outcome {
        Outcome::Answered { .. } | Outcome::Failed { kind: FailureKind::Handler, .. } => tally.answered += 1,
        Outcome::Failed { error_type, .. } => {
            tally.died.insert(trace, format!("{error_type} of {kind}"));
        }
    }
}

async fn call(stage: &Stage, kind: &str, number: u64) -> (Outcome, TraceId) {
    let root = format!("1-6a01b2c3-001122334455667788{number:06x}");
    let event = json!({ "kind": kind, "ms": 1 + number % 20 }).to_string();
    let header = format!("Root={root};Parent=aaaabbbbccccdddd;Sampled=1");
    let invocation = Invocation::new(event).with_trace_header(header);
    let outcome = tokio::time::timeout(PATIENCE, stage.invoke(FUNCTION, invocation)).await;
    let outcome = outcome.expect("an outcome in time").expect("a taken invocation");
    (outcome, root.parse().expect("a trace id"))
}

/// AWS takes an environment away without a word.
async fn destroy(stage: &Stage, tally: &mut Tally) {
    for environment in stage.environments() {
        stage.destroy(&environment.id).await;
        tally.discarded.push(environment.folder);
    }
}

/// Delivers the dead letters, as `crudder replay` does.
async fn replay(vendors: &Vendors, seen: &[StageEvent]) -> usize {
    let client = reqwest::Client::new();
    let mut letters = 0;
    for event in seen {
        let StageEvent::Line(line) = event else { continue };
        let Ok(letter) = serde_json::from_str::<serde_json::Value>(&line.line) else { continue };
        if letter["message"] != "dead letter" || letter["vendor"] == "xray" {
            continue;
        }
        assert_eq!(letter["part"], json!([1, 1]), "this test writes no letter so large");
        let packed = base64::engine::general_purpose::STANDARD.decode(letter["payload"].as_str().expect("a payload"));
        let packed = packed.expect("base64");
        let request = match letter["vendor"].as_str() {
            Some("honeycomb") => client
                .post(format!("{}/v1/traces", vendors.honeycomb.url()))
                .header("x-honeycomb-team", HoneycombKey::local().text.reveal())
                .header("content-type", "application/x-protobuf")
                .header("content-encoding", "gzip")
                .body(packed),
            _ => {
                use std::io::Read;
                let mut item = Vec::new();
                flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut item).expect("gzip");
                client
                    .post(format!("{}/api/1/item/", vendors.rollbar.url()))
                    .header("x-rollbar-access-token", RollbarToken::local().text.reveal())
                    .header("content-type", "application/json")
                    .body(item)
            }
        };
        let status = request.send().await.expect("an answer").status();
        assert!(status.is_success(), "a letter was answered {status}");
        letters += 1;
    }
    letters
}

/// What the victims swore to: spans by environment.
fn sworn(folder: &Path) -> BTreeSet<(TraceId, String)> {
    let text = std::fs::read_to_string(folder.join("tmp/witness")).unwrap_or_default();
    let pair = |line: &str| {
        let (trace, span) = line.split_once(' ')?;
        Some((trace.parse().ok()?, span.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// Spans that a discarded ring holds and nobody was told.
fn undelivered(folder: &Path) -> BTreeSet<String> {
    let path = folder.join("tmp/crudder.recorder");
    let mut undelivered = BTreeSet::new();
    let Ok(mut reader) = Reader::open(&path, 0) else { return undelivered };
    let mut found = Vec::new();
    while let Some(record) = reader.read() {
        if matches!(record.kind, RecordKind::SpanStarted | RecordKind::SpanEnded)
            && let Ok((ids, _)) = SpanIds::split(record.payload)
        {
            found.push((record.position, ids.span));
        }
    }
    for (position, span) in found {
        if !reader.is_resolved_for(position, Vendor::Honeycomb) {
            undelivered.insert(span.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    undelivered
}

/// What the layers of an environment counted as perhaps told twice.
fn doubts(folder: &Path) -> u64 {
    let reader = Reader::open(&folder.join("tmp/crudder.recorder"), 0);
    reader.map_or(0, |reader| reader.stats().counter(Counter::Doubtful))
}

/// What came of it all.
struct Judged {
    told: String,
    kept: BTreeSet<(TraceId, String)>,
    lost: Vec<(TraceId, String)>,
    unexplained: Vec<(TraceId, String)>,
    unexcused: u64,
    twice: u64,
    counted: u64,
    deaths: BTreeMap<TraceId, u64>,
}

fn judge(vendors: &Vendors, folder: &Path, tally: &Tally, letters: usize) -> Judged {
    let delivered: BTreeSet<(TraceId, String)> =
        vendors.honeycomb.look(|store| store.spans().map(|span| (span.trace_id, span.span_id.clone())).collect());
    let (mut kept, mut gone, mut in_rings) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut counted = 0;
    for entry in std::fs::read_dir(folder).expect("the stage's folder").flatten() {
        counted += doubts(&entry.path());
        let is_discarded = tally.discarded.contains(&entry.path());
        if is_discarded {
            in_rings.extend(undelivered(&entry.path()));
        }
        if is_discarded { gone.extend(sworn(&entry.path())) } else { kept.extend(sworn(&entry.path())) }
    }
    let lost: Vec<_> = kept.difference(&delivered).cloned().collect();
    let lost_with_environments: Vec<_> = gone.difference(&delivered).cloned().collect();
    let hidden = |(_, span): &&(TraceId, String)| !in_rings.contains(span);
    let unexplained: Vec<_> = lost_with_environments.iter().filter(hidden).cloned().collect();
    let (doubtful, unexcused) =
        vendors.honeycomb.look(|store| (store.excused_duplicates(), store.unexcused_duplicates()));
    let deaths = deaths(vendors);
    let repeated_items = vendors.rollbar.look(|store| store.repeated_items());
    let told = format!(
        "torture: {} answered, {} died; {} functions and {} layers killed, {} environments discarded; {} spans sworn, {} \
         lost, {} more with discarded environments; {doubtful} spans twice because no answer left the vendor, {unexcused} because \
         the layer died before it noted one, {repeated_items} items twice; the layers counted {counted} doubts; {letters} dead \
         letters replayed; {} deaths told; slowest request {:?}",
        tally.answered,
        tally.died.len(),
        tally.killed_functions,
        tally.killed_layers,
        tally.discarded.len(),
        kept.len() + gone.len(),
        lost.len(),
        lost_with_environments.len(),
        deaths.len(),
        tally.longest,
    );
    let twice = doubtful + unexcused + repeated_items;
    Judged { told, kept, lost, unexplained, unexcused, twice, counted, deaths }
}

fn check(judged: &Judged, tally: &Tally, seen: &[StageEvent]) {
    let Judged { kept, lost, unexplained, unexcused, twice, counted, deaths, .. } = judged;
    // What the log says around a trace that something is wrong with.
    let of_lost = |trace: &str| {
        let at = seen.iter().position(|event| format!("{event:?}").contains(trace)).unwrap_or_default();
        seen[at.saturating_sub(20)..].iter().map(|event| format!("{event:?}")).collect::<Vec<_>>().join("\n")
    };
    assert!(!kept.is_empty(), "nobody swore: is the example `victim` of this build?");
    let lost: Vec<_> = lost.iter().map(|(trace, span)| format!("{trace} {span}")).collect();
    assert!(lost.is_empty(), "{lost:?}\n{}", lost.first().map(|lost| of_lost(&lost[..32])).unwrap_or_default());
    let unexplained: Vec<_> = unexplained.iter().map(|(trace, span)| format!("{trace} {span}")).collect();
    let around = unexplained.first().map(|unexplained| of_lost(&unexplained[..32])).unwrap_or_default();
    assert!(unexplained.is_empty(), "not in the ring either: {unexplained:?}\n{around}");
    // A stand-in excuses what it never answered. An answer that a killed layer could not note is known to the layer's next life
    // only: each of both must have been counted by the layers themselves.
    assert!(twice <= counted, "{twice} came twice, the layers counted {counted} doubts");
    assert!(*unexcused == 0 || tally.killed_layers > 0, "{unexcused} spans came twice and no layer was killed");
    let traces_kept: BTreeSet<TraceId> = kept.iter().map(|(trace, _)| *trace).collect();
    for (trace, error) in tally.died.iter().filter(|(trace, _)| traces_kept.contains(trace)) {
        // When the layer was killed, the function may have come to its end all the same: then nobody died but the layer.
        let may_have_ended = error.starts_with("Extension.") && !deaths.contains_key(trace);
        assert!(
            may_have_ended || deaths.get(trace) == Some(&1),
            "items of the death in {trace}: {error}\n{}",
            of_lost(&trace.to_string())
        );
    }
    for (trace, items) in deaths {
        assert_eq!(*items, 1, "items of the death in {trace}");
    }
}

/// Items that tell a death, by trace.
fn deaths(vendors: &Vendors) -> BTreeMap<TraceId, u64> {
    let mut deaths = BTreeMap::new();
    vendors.rollbar.look(|store| {
        let classes = ["timeout", "crash", "exit", "out-of-memory", "platform"];
        let is_death = |class: &str| classes.contains(&class);
        for item in store.items().filter(|item| item.class.as_deref().is_some_and(is_death)) {
            *deaths.entry(item.trace_id.expect("every item has a trace")).or_insert(0) += 1;
        }
    });
    deaths
}
